// Situation 1: a new model of a known architecture. Its config.json is all there is to it.
#include <costexpr.hpp>

#include <string_view>

namespace cx = costexpr;

constexpr std::string_view config = R"({
  "architectures": ["Qwen3ForCausalLM"], "hidden_size": 1536, "num_hidden_layers": 20, "num_attention_heads": 12, "num_key_value_heads": 4,
  "head_dim": 128, "intermediate_size": 4096, "vocab_size": 151936, "tie_word_embeddings": true, "rope_theta": 1000000, "torch_dtype": "bfloat16"})";

static_assert(cx::classify(config)->situation == cx::situation::s1);  // every structural key is read

constexpr auto small = cx::known_model<[] { return config; }>;
static_assert(small.parameters() == 736'758'272);
static_assert(small.state_bytes(4096) == 20 * 2 * 4 * 128 * 2 * 4096);

int main() { return cx::read_model(config) ? 0 : 1; }

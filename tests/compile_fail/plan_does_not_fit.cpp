// A capacity plan in a static_assert: two devices hold what one does not.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

constexpr auto large = cx::known_model<[] {
    return std::string_view(R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64,
        "num_key_value_heads": 8, "intermediate_size": 28672, "vocab_size": 128256})");
}>;
#if FAILING_CODE
constexpr cx::count degree = 1;
#else
constexpr cx::count degree = 2;
#endif
static_assert(cx::fits(large, cx::layout{.tp = degree}, cx::system<"h200_sxm">, {.sequences = 8, .context = 8192}), "Llama-3.3-70B does not fit");

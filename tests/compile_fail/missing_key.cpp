// A config without hidden_size, read in constant evaluation: the first line names the code and the key.
#include <costexpr/costexpr.hpp>

constexpr auto tiny = [] {
    return std::string_view(R"({"architectures": ["LlamaForCausalLM"],)"
#if !FAILING_CODE
                            R"("hidden_size": 64,)"
#endif
                            R"("num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 1000, "intermediate_size": 256})");
};
constexpr auto model = costexpr::known_model<tiny>;
#if !FAILING_CODE
static_assert(model.parameters() > 0);
#endif

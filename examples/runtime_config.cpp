// A config.json that arrives at run time: read by the same code, laid out once, priced in nanoseconds.
#include <costexpr.hpp>

#include <cstdio>
#include <string_view>

namespace cx = costexpr;

constexpr std::string_view config = R"({
  "architectures": ["MixtralForCausalLM"], "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "vocab_size": 32000})";

int main() {
    auto const model = cx::read_model(config);
    if (!model) {  // every problem of the config at once
        for (cx::problem const& p : model.error()) {
            cx::diagnosis const d = cx::describe(p, config);
            std::printf("%d:%d %.*s\n", int(d.at.line), int(d.at.column), int(d.message.view().size()), d.message.view().data());
        }
        return 1;
    }
    std::printf("%lld parameters, %lld active, %lld bytes of state at 4096 tokens\n", static_cast<long long>(model->parameters()),
                static_cast<long long>(model->active_parameters()), static_cast<long long>(model->state_bytes(4096)));

    auto const graph = cx::lower(*model, cx::layout{.tp = 2});  // its ops on two devices
    cx::roofline<> const h100(cx::system<"h100_sxm">);
    cx::group const batch[] = {{.sequences = 1, .new_tokens = 2048, .phase = cx::phase::prefill}, {.sequences = 16, .past_tokens = 1024}};
    double const seconds = cx::seconds(*graph, cx::step(batch), h100);  // a mixed step: one prompt is read, 16 sequences go on
    std::printf("%.2f ms\n", seconds * 1e3);
    return model->parameters() == 46'702'792'704 && seconds > 0.01 && seconds < 0.1 ? 0 : 1;
}

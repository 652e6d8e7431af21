// Situation 2: known layers, and a key that no table reads. `costexpr classify examples/new_key.json` says which; here it gets its field.
#include <costexpr.hpp>

#include <string_view>

namespace cx = costexpr;

constexpr std::string_view config = R"({"architectures": ["SideForCausalLM"], "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
  "num_key_value_heads": 8, "intermediate_size": 3072, "side_ffn_size": 256, "vocab_size": 32000})";

static_assert(cx::classify(config)->situation == cx::situation::s2);
static_assert(cx::classify(config)->unread.size() == 1);  // side_ffn_size

struct side_decoder {  // a Llama with a small network beside the large one
    cx::backbone base{};
    cx::grouped_attention attention{};
    cx::feed_forward network{};
    cx::count side = 0;

    static constexpr std::string_view family = "side";
    using parts = cx::part_list<&side_decoder::base, &side_decoder::attention, &side_decoder::network>;
    static constexpr auto json() { return std::array{cx::key(&side_decoder::side, "side_ffn_size").optional()}; }
    static constexpr auto architectures() { return std::array{cx::arch{"SideForCausalLM", "side"}}; }
    constexpr void settle(auto& check) {
        attention.settle(check, base.layers, base.max_context);
        network.settle(check, base.layers);
    }
    constexpr auto layers() const {
        return cx::layers(cx::times(1, base.input()), cx::times(base.all_norms(), base.layer_norm()), cx::times(attention.full_layers(), attention.full_layer()),
                          cx::times(base.layers, network.layer()), cx::times(base.layers, cx::mlp{base.hidden, side}), cx::times(1, base.output()));
    }
};

using zoo = cx::builtin::with<side_decoder>;
static_assert(cx::classify<zoo>(config)->situation == cx::situation::s1);

int main() { return cx::read_model<zoo>(config)->parameters() - cx::read_model(config)->parameters() == 24 * 3 * 1024 * 256 ? 0 : 1; }

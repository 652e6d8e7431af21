// A family of one's own: a struct with a name, its architectures, its keys and its composition. Nothing is registered, nothing edited.
#include <costexpr.hpp>

namespace cx = costexpr;

struct parallel_decoder {  // attention and feed-forward network side by side behind one norm, as in GPT-J
    cx::count layers_{}, hidden{}, heads{}, inner{}, vocab{};

    static constexpr std::string_view family = "parallel";
    static constexpr auto architectures() { return std::array{cx::arch{"MyParallelForCausalLM", "my_parallel"}}; }
    static constexpr auto json() {
        using f = parallel_decoder;
        return std::array{cx::key(&f::layers_, "n_layer"), cx::key(&f::hidden, "n_embd"), cx::key(&f::heads, "n_head"),
                          cx::key(&f::inner, "n_inner").or_else([](f const& c) { return 4 * c.hidden; }), cx::key(&f::vocab, "vocab_size")};
    }
    constexpr auto layers() const {
        return cx::layers(cx::times(1, cx::embedding{vocab, hidden}),
                          cx::times(layers_ + 1, cx::norm{.hidden = hidden, .gains = 2}),
                          cx::times(layers_, cx::gqa{.hidden = hidden, .heads = heads, .kv_heads = heads, .head_dim = hidden / heads}),
                          cx::times(layers_, cx::mlp{.hidden = hidden, .inner = inner, .gated = false, .bias = true}),
                          cx::times(1, cx::head{.vocab = vocab, .hidden = hidden, .bias = true}));
    }
};

using zoo = cx::builtin::with<parallel_decoder>;

constexpr auto mine = cx::known_model<[] {
    return std::string_view(R"({"architectures": ["MyParallelForCausalLM"], "n_layer": 28, "n_embd": 4096, "n_head": 16, "vocab_size": 50400})");
}, zoo>;
static_assert(mine.parameters() == 6'050'882'784);  // GPT-J-6B
static_assert(cx::decode(mine, {.tp = 2}, cx::system<"a100_sxm">, {.sequences = 8, .past = 512}));

int main() { return cx::read_model<zoo>(R"({"architectures": ["MyParallelForCausalLM"], "n_layer": 28})") ? 1 : 0; }

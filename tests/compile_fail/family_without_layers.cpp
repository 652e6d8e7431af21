// A family that does not say its composition.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct tiny {
    cx::count hidden = 0;
    cx::count inner = 0;

    static constexpr std::string_view family = "tiny";
    static constexpr auto architectures() { return std::array{cx::arch{"TinyForCausalLM", "tiny"}}; }
    static constexpr auto json() {
        return std::array{cx::key(&tiny::hidden, "hidden_size"), cx::key(&tiny::inner, "intermediate_size")};
    }
#if !FAILING_CODE
    constexpr auto layers() const { return cx::layers(cx::times(1, cx::mlp{.hidden = hidden, .inner = inner})); }
#endif
};
using zoo = cx::builtin::with<tiny>;
static_assert(zoo::size == cx::builtin::size + 1);

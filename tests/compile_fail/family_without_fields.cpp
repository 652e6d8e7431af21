// A family without a field table.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct tiny {
    cx::count hidden = 0;
    cx::count inner = 0;

    static constexpr std::string_view family = "tiny";
    static constexpr auto architectures() { return std::array{cx::arch{"TinyForCausalLM", "tiny"}}; }
#if !FAILING_CODE
    static constexpr auto json() {
        return std::array{cx::key(&tiny::hidden, "hidden_size"), cx::key(&tiny::inner, "intermediate_size")};
    }
#endif
    constexpr auto layers() const { return cx::layers(cx::times(1, cx::mlp{.hidden = hidden, .inner = inner})); }
};
using zoo = cx::builtin::with<tiny>;
static_assert(zoo::size == cx::builtin::size + 1);

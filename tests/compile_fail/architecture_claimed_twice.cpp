// A family that claims an architecture which another family has.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct tiny {
    cx::count hidden = 0;
    cx::count inner = 0;

    static constexpr std::string_view family = "tiny";
    static constexpr auto architectures() {
#if FAILING_CODE
        return std::array{cx::arch{"TinyForCausalLM", "tiny"}, cx::arch{"MixtralForCausalLM", ""}};
#else
        return std::array{cx::arch{"TinyForCausalLM", "tiny"}};
#endif
    }
    static constexpr auto json() {
        return std::array{cx::key(&tiny::hidden, "hidden_size"), cx::key(&tiny::inner, "intermediate_size")};
    }
    constexpr auto layers() const { return cx::layers(cx::times(1, cx::mlp{.hidden = hidden, .inner = inner})); }
};
using zoo = cx::builtin::with<tiny>;
auto read(std::string_view text) { return cx::read_model<zoo>(text); }

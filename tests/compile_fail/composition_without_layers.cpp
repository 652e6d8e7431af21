// A composition that is empty.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct hollow {
    cx::count hidden = 64;

    static constexpr std::string_view family = "hollow";
    static constexpr auto architectures() { return std::array{cx::arch{"HollowForCausalLM", "hollow"}}; }
    static constexpr auto json() { return std::array{cx::key(&hollow::hidden, "hidden_size")}; }
    constexpr auto layers() const {
#if FAILING_CODE
        return cx::layers();
#else
        return cx::layers(cx::times(1, cx::norm{.hidden = hidden}));
#endif
    }
};
static_assert(cx::length_of<decltype(hollow{}.layers())> == 1);

// A layer type whose list of ops is empty.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct nothing {
    cx::count hidden = 64;

    static constexpr std::string_view type = "nothing";
    constexpr auto ops(cx::deployment const&) const {
#if FAILING_CODE
        return cx::ops();
#else
        return cx::ops(cx::elementwise{.bytes_per_token = 2.0 * static_cast<double>(hidden)});
#endif
    }
};
constexpr auto composition = cx::layers(cx::times(2, nothing{}));
static_assert(cx::length_of<decltype(composition)> == 1);

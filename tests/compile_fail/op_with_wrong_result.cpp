// An op whose call does not return work<T>.
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

struct scan {
    double width = 64;

    static constexpr std::string_view kind = "scan";
    constexpr cx::role purpose() const { return cx::role::attention; }
    constexpr bool idle() const { return false; }
    template <class N = cx::count>
    constexpr N parameters() const {
        return N(0);
    }
    constexpr cx::count weight_bytes() const { return 0; }
    template <class T>
    constexpr auto operator()(cx::load<T> const& l) const {
#if FAILING_CODE
        return l.tokens * T(width);  // a number, not work
#else
        return cx::work<T>{.flops = l.tokens * T(width)};
#endif
    }
};
constexpr auto ops = cx::ops(scan{});
static_assert(cx::length_of<decltype(ops)> == 1);

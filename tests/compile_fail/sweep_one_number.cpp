// A sweep with a pricing on single numbers.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

namespace cx = costexpr;

#if FAILING_CODE
using number = double;
#else
using number = cx::pack<>;
#endif
bool swept(cx::op_graph<> const& g, std::span<cx::swept_group const> groups, std::span<double> seconds) {
    return cx::sweep(g, groups, cx::roofline<number>(cx::system<"h200_sxm">), seconds);
}

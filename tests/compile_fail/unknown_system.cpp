// A name that no embedded system has.
#include <costexpr/costexpr.hpp>

#if FAILING_CODE
constexpr auto rate = costexpr::system<"h900_sxm">.device.memory_bytes_per_second;
#else
constexpr auto rate = costexpr::system<"h200_sxm">.device.memory_bytes_per_second;
#endif
static_assert(rate > 0);

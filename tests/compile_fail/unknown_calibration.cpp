// Constants of kernels that are not embedded.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#if FAILING_CODE
constexpr auto multiprocessors = costexpr::calibration_for<"h200_sxm", "tgi">.multiprocessors;
#else
constexpr auto multiprocessors = costexpr::calibration_for<"a100_sxm", "vllm">.multiprocessors;
#endif
static_assert(multiprocessors > 0);

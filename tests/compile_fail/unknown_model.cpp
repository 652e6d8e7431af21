// A name that no embedded config has: the first line says which, the next what to do.
#include <costexpr/costexpr.hpp>

#if FAILING_CODE
constexpr auto qwen = costexpr::model<"Qwen/Qwen99-1T">;
#else
constexpr auto found = costexpr::detail::find_entry(costexpr::embedded::models, costexpr::embedded::model_count, "Qwen/Qwen99-1T");
static_assert(found == costexpr::embedded::model_count);
#endif

// A name that no embedded config has: the first line says which, the next what to do.
#include <costexpr/costexpr.hpp>

#if FAILING_CODE
constexpr auto qwen = costexpr::model<"Qwen/Qwen99-1T">;
#else
constexpr auto found = costexpr::embedded::index_of(costexpr::embedded::models, "Qwen/Qwen99-1T");
static_assert(found == costexpr::embedded::absent);
#endif

// A capacity plan as code: it compiles where it holds, and CI says so when a model, a batch or a machine changes.
#include <costexpr.hpp>

namespace cx = costexpr;

struct plan {
    static constexpr auto model = cx::model<"openai/gpt-oss-120b">;
    static constexpr cx::system_spec machine = cx::system<"h100_sxm">;
    static constexpr cx::layout layout{.tp = 4};
    static constexpr cx::residency load{.sequences = 128, .context = 16'384};
    static constexpr double seconds_per_token = 0.012;
};

static_assert(cx::legal(plan::model, plan::layout), "four devices divide the attention heads");
static_assert(cx::fits(plan::model, plan::layout, plan::machine, plan::load), "128 sequences of 16 K tokens fit on four H100");
static_assert(cx::decode(plan::model, plan::layout, plan::machine, {.sequences = 128, .past = 16'384}).seconds < plan::seconds_per_token);

#if defined(FAILING_CODE) && FAILING_CODE  // one device cannot hold it: this does not compile
static_assert(cx::fits(plan::model, cx::layout{.tp = 1}, plan::machine, plan::load), "128 sequences of 16 K tokens do not fit on one H100");
#endif

int main() {
    constexpr cx::device_memory memory = cx::fits(plan::model, plan::layout, plan::machine, plan::load);
    return memory.total() < memory.capacity ? 0 : 1;
}

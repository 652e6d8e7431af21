// What a budget allows: the inverses of memory and time, exact, as constants or at run time.
#include <costexpr.hpp>

#include <cstdio>
#include <span>

namespace cx = costexpr;

constexpr auto model = cx::model<"Qwen/Qwen3-32B">;
constexpr cx::system_spec h200 = cx::system<"h200_sxm">;
constexpr cx::deployment four{.layout = {.tp = 4}};

constexpr cx::count longest = cx::longest_context(model, four, h200, {.sequences = 64});
constexpr cx::count batch = cx::most_sequences_within(model, four, h200, 0.012, {.past = 4096});  // of 12 ms a token
static_assert(cx::fits(model, four, h200, {.sequences = 64, .context = longest}));
static_assert(!cx::fits(model, four, h200, {.sequences = 64, .context = longest + 1}));
static_assert(cx::decode(model, four, h200, {.sequences = batch, .past = 4096}).seconds <= 0.012);
static_assert(cx::decode(model, four, h200, {.sequences = batch + 1, .past = 4096}).seconds > 0.012);

int main() {
    std::printf("64 sequences may grow to %lld tokens; %lld sequences decode within 12 ms\n", static_cast<long long>(longest), static_cast<long long>(batch));
    std::printf("a chunk of prefill within 100 ms: %lld tokens\n", static_cast<long long>(cx::largest_prefill_chunk(model, four, h200, 0.1)));
    std::printf("bandwidth for 5 ms a token: %.2f TB/s\n", cx::least_memory_bandwidth(model, four, h200, 0.005, {.sequences = 32}) / 1e12);
    if (auto const least = cx::fewest_devices(model, {}, cx::system<"l40s">, {.sequences = 8}))
        std::printf("fewest L40S for 8 sequences: %lld (tp %lld, pp %lld)\n", static_cast<long long>(least.devices), static_cast<long long>(least.layout.tp), static_cast<long long>(least.layout.pp));
    cx::group const step[] = {{.sequences = batch, .past_tokens = 4096}};
    cx::elasticity const e = cx::elasticities(model, four, h200, step);
    std::printf("1 %% more bandwidth: %+.2f %% time; 1 %% more sequences: %+.2f %%\n", e.memory_bandwidth, e.batch);
}

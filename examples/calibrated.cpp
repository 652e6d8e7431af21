// Times as kernels take them, not as data sheets promise: constants fitted per GPU and framework, the steps of a serving framework, and a band.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <cstdio>

namespace cx = costexpr;

constexpr auto model = cx::model<"Qwen/Qwen3-32B">;
constexpr cx::system_spec h200 = cx::system<"h200_sxm">;
constexpr cx::deployment on_four{.layout = {.tp = 4}, .framework = cx::framework::vllm};

int main() {
    auto const constants = cx::read_calibration(cx::calibration_text("h200_sxm", "vllm"));
    auto const vllm = cx::read_framework(cx::framework_text("vllm"));
    if (!constants || !vllm) return 1;
    cx::calibrated<> const price(h200, *constants);

    auto const device = [&](std::span<cx::mean_group const> groups) { return cx::seconds(model.plain(), on_four, groups, price); };
    cx::framework_steps<decltype(device)> const steps{device, *vllm, 64};
    for (double sequences : {1.0, 8.0, 64.0}) {
        cx::workload const asked{.prompt = 1024, .output = 512, .sequences = sequences};
        cx::serving_cost const c = cx::aggregated(steps, asked);
        cx::mean_group const decode[] = {{sequences, 1, asked.middle(), cx::phase::decode}};
        auto const off = cx::uncertainty(model.plain(), on_four, std::span<cx::mean_group const>(decode), price);
        double const band = off.factor(cx::four_of_five);
        std::printf("%3.0f in flight: first token %5.0f ms, then %5.2f ms each (%5.2f to %5.2f), %6.0f tokens/s\n", sequences, c.ttft * 1e3, c.tpot * 1e3, c.tpot * 1e3 / band,
                    c.tpot * 1e3 * band, c.tokens_per_second(asked.output));
        if (!(c.tpot > 0 && band > 1 && off.unfitted < 0.2)) return 1;
    }
}

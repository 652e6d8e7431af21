// Which batch keeps a token under 15 ms at every context length: thousands of steps priced at once, for sliders, searches and schedulers.
#include <costexpr/calibrated.hpp>
#include <costexpr/costexpr.hpp>

#include <cstdio>
#include <vector>

namespace cx = costexpr;

constexpr auto model = cx::model<"Qwen/Qwen3-32B">;
constexpr cx::system_spec h200 = cx::system<"h200_sxm">;
constexpr cx::deployment on_two{.layout = {.tp = 2}, .framework = cx::framework::vllm};

int main() {
    auto const constants = cx::calibration_of(h200, "vllm");
    if (!constants) return 1;

    // batches outside and lengths inside: what does not depend on lengths is computed once a batch
    std::vector<double> batch, past;
    for (int b = 1; b <= 256; ++b)
        for (int length = 1024; length <= 32768; length += 1024) batch.push_back(b), past.push_back(length);
    std::vector<double> seconds(batch.size());
    cx::swept_group const decode[] = {{.sequences = batch, .past_tokens = past}};
    if (!cx::sweep(model.plain(), on_two, decode, cx::calibrated<cx::pack<>>(h200, *constants), seconds)) return 1;

    for (double length : {1024.0, 4096.0, 16384.0, 32768.0}) {
        double largest = 0;
        for (std::size_t i = 0; i != seconds.size(); ++i)
            if (past[i] == length && seconds[i] < 0.015 && batch[i] > largest) largest = batch[i];
        std::printf("%6.0f tokens of context: up to %3.0f sequences\n", length, largest);
        if (largest == 0) return 1;
    }
}

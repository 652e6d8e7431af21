// flags: -O2 -DNDEBUG
// SPDX-License-Identifier: BSL-1.0
// What a program compiles that reads any config at run time, prices steps of it and says whether it fits.
#include <costexpr.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    std::FILE* const in = std::fopen(argv[1], "rb");
    if (in == nullptr) return 2;
    static char text[1 << 20];
    auto const model = costexpr::read_model({text, std::fread(text, 1, sizeof text, in)});
    if (!model) return 1;
    costexpr::deployment const x{.layout = {.tp = 2}, .precision = model->config.precision()};
    auto const graph = costexpr::lower(*model, x);
    if (!graph) return 1;
    costexpr::roofline<double> const price(costexpr::system<"h200_sxm">);
    for (costexpr::count batch = 1; batch <= 256; batch *= 2) {
        costexpr::group const g[] = {{.sequences = batch, .past_tokens = 4096}};
        std::printf("%lld %g\n", static_cast<long long>(batch), costexpr::seconds(*graph, costexpr::step(g), price));
    }
    return costexpr::memory(*model, x, costexpr::system<"h200_sxm">, {.sequences = 256}).fits() ? 0 : 1;
}

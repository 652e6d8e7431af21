// Where the time of a step goes: every op with its work, its seconds and what bounds it.
#include <costexpr.hpp>

#include <cmath>
#include <cstdio>

namespace cx = costexpr;

int main() {
    constexpr auto model = cx::model<"deepseek-ai/DeepSeek-V3">;
    constexpr cx::deployment x{.layout = {.tp = 8, .ep = 8}, .precision = model.config.precision()};
    constexpr cx::roofline<> h200(cx::system<"h200_sxm">);
    constexpr cx::group batch[] = {{.sequences = 64, .past_tokens = 4096}};

    double total = 0;
    std::printf("%-22s %6s %12s %10s %s\n", "op", "layers", "GFLOP", "us", "bound");
    cx::breakdown(model, x, cx::step(batch), h200, [&](cx::op_cost const& c) {
        if (c.seconds == 0) return;
        total += c.seconds;
        std::printf("%-22.*s %6lld %12.2f %10.2f %s\n", int(cx::name(c.name).size()), cx::name(c.name).data(), static_cast<long long>(c.times),
                    c.total.flops * 1e-9, c.seconds * 1e6, cx::bound_names[static_cast<std::size_t>(c.by)].data());
    });
    double const step = cx::price(model, x, cx::system<"h200_sxm">, batch).seconds;
    std::printf("%-22s %30.2f us\n", "step", step * 1e6);
    return std::abs(total / step - 1) < 1e-12 ? 0 : 1;
}

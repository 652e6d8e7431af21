// Measurements of one's own: times of single operators from a CSV price a model, blended between the points; the roofline prices the rest.
#include <costexpr/costexpr.hpp>
#include <costexpr/cost/table.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cx = costexpr;

constexpr auto model = cx::model<"Qwen/Qwen3-8B">;

int main(int argc, char** argv) {
    char const* const path = argc > 1 ? argv[1] : "examples/own_measurements.csv";  // invented figures
    std::ifstream file(path);
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    std::vector<cx::table_point> storage(cx::most_points(text));
    auto const points = cx::read_points(text, storage);
    if (!points) {  // all that is wrong with the file
        for (cx::problem const& p : points.error()) {
            cx::diagnosis const d = cx::describe(p, text);
            std::printf("%s:%d:%d: %.*s\n", path, int(d.at.line), int(d.at.column), int(d.message.view().size()), d.message.view().data());
        }
        return 1;
    }
    cx::system_spec const h200 = cx::system<"h200_sxm">;
    cx::table_pricing const price(h200, *points, cx::roofline<>(h200));  // or over cx::calibrated
    for (cx::count sequences : {16, 32, 64, 128}) {
        cx::group const batch[] = {{.sequences = sequences, .past_tokens = 2047}};
        cx::founded_seconds const parts = cx::seconds_by_provenance(model, {}, cx::step(batch), price);
        std::printf("%4d sequences: %6.2f ms a token, of it %3.0f %% measured, %3.0f %% extrapolated, %3.0f %% from the roofline\n", int(sequences), parts.total() * 1e3,
                    100 * parts[cx::provenance::measured] / parts.total(), 100 * parts[cx::provenance::extrapolated] / parts.total(),
                    100 * parts[cx::provenance::specification] / parts.total());
        if (sequences <= 64 && parts[cx::provenance::measured] < 0.8 * parts.total()) return 1;
    }
}

// SPDX-License-Identifier: BSL-1.0
// How fast configs are validated, beside nlohmann::json: every *.json under $COSTEXPR_SHARED/data/params.
//
//   json_bench                the Google Benchmark runs
//   json_bench --once DIR     reads all of DIR/*.json, then validates each exactly once, and says how many bytes that were: for
//                             valgrind --tool=callgrind --toggle-collect='*validate_all*', whose instructions are then per byte

#include <costexpr/json/reader.hpp>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace json = costexpr::json;

std::vector<std::string> read_all(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> paths;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".json") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> texts;
    for (auto const& path : paths) {
        std::ifstream in(path, std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return texts;
}

std::int64_t bytes_of(std::vector<std::string> const& texts) {
    std::size_t bytes = 0;
    for (auto const& text : texts) bytes += text.size();
    return static_cast<std::int64_t>(bytes);
}

}  // namespace

// Neither inlined nor hidden, so that callgrind finds it by name.
[[gnu::noinline]] std::size_t validate_all(std::vector<std::string> const& texts) {
    std::size_t valid = 0;
    for (auto const& text : texts) valid += json::validate(text, {.nonfinite = true}) ? 1 : 0;
    return valid;
}

namespace {

// The configs that a Python reader accepts and nlohmann::json does not (NaN, Infinity) are left out, the same for both.
std::vector<std::string> const& strict_texts() {
    static std::vector<std::string> const texts = [] {
        char const* const shared = std::getenv("COSTEXPR_SHARED");
        std::vector<std::string> all =
            shared != nullptr ? read_all(std::filesystem::path(shared) / "data/params") : std::vector<std::string>{};
        std::erase_if(all, [](std::string const& text) { return !json::validate(text); });
        return all;
    }();
    return texts;
}

template <class Function>
void run(benchmark::State& state, Function const& each) {
    auto const& texts = strict_texts();
    if (texts.empty()) {
        state.SkipWithError("shared data is not there");
        return;
    }
    for (auto _ : state)
        for (auto const& text : texts) each(text);
    state.SetBytesProcessed(state.iterations() * bytes_of(texts));
}

void validate_text(benchmark::State& state) {
    run(state, [](std::string const& text) { benchmark::DoNotOptimize(json::validate(text).has_value()); });
}
BENCHMARK(validate_text)->Unit(benchmark::kMillisecond);

// Every member of the top level looked at and passed over, as a reader of fields does with the keys it does not know.
void walk_members(benchmark::State& state) {
    run(state, [](std::string const& text) {
        json::reader in(text);
        json::string_token key;
        if (in.enter_object())
            while (in.next_member(key)) benchmark::DoNotOptimize(in.skip());
        benchmark::DoNotOptimize(in.finish());
    });
}
BENCHMARK(walk_members)->Unit(benchmark::kMillisecond);

void nlohmann_parse(benchmark::State& state) {
    run(state, [](std::string const& text) { benchmark::DoNotOptimize(nlohmann::json::parse(text)); });
}
BENCHMARK(nlohmann_parse)->Unit(benchmark::kMillisecond);

void nlohmann_accept(benchmark::State& state) {
    run(state, [](std::string const& text) { benchmark::DoNotOptimize(nlohmann::json::accept(text)); });
}
BENCHMARK(nlohmann_accept)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "--once") {
        auto const texts = read_all(argv[2]);
        std::size_t const valid = validate_all(texts);
        std::printf("%zu of %zu valid, %lld bytes\n", valid, texts.size(), static_cast<long long>(bytes_of(texts)));
        return valid == texts.size() ? 0 : 1;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}

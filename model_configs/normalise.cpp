// SPDX-License-Identifier: BSL-1.0
// normalise CONFIG [FOLDER]: reduces a config.json to what costexpr reads (normalise.hpp), and the hf_quant_config.json beside it.
// Prints the reduced config, or writes both into FOLDER under their own names. Only what reads, and reads the same, is written;
// otherwise it says why on standard error and exits with 1.
#include "normalise.hpp"

#include <costexpr/schema/error.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

namespace cx = costexpr;
namespace fs = std::filesystem;

int fail(fs::path const& path, std::string const& why) {
    std::cerr << path.filename().string() << ": " << why << "\n";
    return 1;
}
int fail(fs::path const& path, cx::problems const& problems, std::string_view text) {
    std::string why;
    for (cx::problem const& p : problems) why += (why.empty() ? "" : "; ") + std::string(cx::describe(p, text).message.view());
    return fail(path, why);
}

std::string read_file(fs::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
bool write_file(fs::path const& path, std::string const& text) {
    std::ofstream file(path, std::ios::binary);
    return static_cast<bool>(file << text << std::flush);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::cerr << "usage: normalise CONFIG [FOLDER]\n";
        return 2;
    }
    fs::path const config(argv[1]);
    std::string const suffix = "config.json";
    std::string const name = config.filename().string();
    if (!name.ends_with(suffix) || !fs::is_regular_file(config)) return fail(config, "no such file of a name that ends in config.json");
    fs::path const beside = config.parent_path() / (name.substr(0, name.size() - suffix.size()) + "hf_quant_config.json");

    std::string const text = read_file(config);
    std::string const quantization = fs::is_regular_file(beside) ? read_file(beside) : std::string();
    auto const reduced = cx::normaliser::reduce_both(text, quantization);
    if (!reduced) return fail(config, reduced.error(), text);

    auto const before = cx::read_model(text, quantization);
    if (!before) return fail(config, before.error(), text);
    if (before->config.founded == cx::provenance::inferred) return fail(config, "its architecture is not registered");
    auto const after = cx::read_model(reduced->config, reduced->quantization);
    if (!after) return fail(config, after.error(), reduced->config);
    if (std::string const what = cx::normaliser::difference(*before, *after); !what.empty()) return fail(config, "the reduced text differs in " + what);

    if (argc == 2) {
        std::cout << reduced->config << std::flush;
        return std::cout ? 0 : 1;
    }
    fs::path const folder(argv[2]);
    bool const written = write_file(folder / name, reduced->config) && (quantization.empty() || write_file(folder / beside.filename(), reduced->quantization));
    return written ? 0 : fail(folder, "cannot be written to");
}

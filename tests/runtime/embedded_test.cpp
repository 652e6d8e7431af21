// SPDX-License-Identifier: BSL-1.0
// Every text that the library carries reads without a problem, and what lies in model_configs/ is as the normaliser writes it.

#include "../../model_configs/normalise.hpp"

#include <algorithm>
#include <costexpr/costexpr.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

namespace cx = costexpr;
namespace fs = std::filesystem;

template <class T>
std::string first_problem(cx::result<T> const& r, std::string_view text) {
    return r ? std::string() : std::string(cx::describe(r.error().front(), text).message.view());
}

TEST(embedded, every_model_reads) {
    ASSERT_GT(cx::embedded::model_count, 0u);
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        std::string_view const text = e.config();
        auto const m = cx::read_model(text, e.hf_quant_config());
        ASSERT_TRUE(m) << e.name << ": " << first_problem(m, text);
        EXPECT_NE(m->config.founded, cx::provenance::inferred) << e.name;
        EXPECT_FALSE(m->config.family.empty()) << e.name;
        EXPECT_GT(m->parameters(), 0) << e.name;
        EXPECT_LE(m->active_parameters(), m->parameters()) << e.name;
        EXPECT_GT(m->state_bytes(4096), 0) << e.name;
        // every quantization is understood, its exclude lists too
        for (cx::remark const r : m->config.remarks) EXPECT_TRUE(r != cx::remark::unknown_quantization && r != cx::remark::unread_exclusion) << e.name;
        if (i != 0) { EXPECT_LT(cx::embedded::models[i - 1].name, e.name); }
    }
}

TEST(embedded, every_quantization_file_reads) {
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::models[i];
        if (e.quantization == nullptr) continue;
        std::string_view const text = e.hf_quant_config();
        auto const q = cx::read<cx::quantization>(text, {.nonfinite = true});
        EXPECT_TRUE(q) << e.name << ": " << first_problem(q, text);
    }
}

TEST(embedded, every_system_reads) {
    ASSERT_GT(cx::embedded::system_count, 0u);
    for (std::size_t i = 0; i != cx::embedded::system_count; ++i) {
        cx::embedded::entry const& e = cx::embedded::systems[i];
        std::string_view const text = e.config();
        auto const s = cx::read_system(text);
        ASSERT_TRUE(s) << e.name << ": " << first_problem(s, text);
        EXPECT_EQ(s->name.view(), e.name);
    }
}

TEST(embedded, configs_are_as_the_normaliser_writes_them) {
    char const* const source = std::getenv("COSTEXPR_SOURCE");
    ASSERT_NE(source, nullptr) << "COSTEXPR_SOURCE is the folder of the project";
    std::size_t files = 0;
    for (auto const& entry : fs::directory_iterator(fs::path(source) / "model_configs")) {
        std::string const name = entry.path().filename().string();
        if (!name.ends_with("config.json")) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::string const text{std::istreambuf_iterator<char>(file), {}};
        bool const quantization = name.ends_with("_hf_quant_config.json");
        auto const again = cx::normaliser::reduce(text, quantization ? cx::normaliser::role::hf_quant_config : cx::normaliser::role::config);
        ASSERT_TRUE(again) << name << ": " << first_problem(again, text);
        EXPECT_EQ(*again, text) << name << " has keys that nothing reads: run model_configs/normalise.sh";
        files += !quantization;
    }
    EXPECT_EQ(files, cx::embedded::model_count) << "build the target single_include";
}

}  // namespace

// SPDX-License-Identifier: BSL-1.0
#include <costexpr/costexpr.hpp>

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace cx = costexpr;

// Any text: either problems that can all be described, or a model whose figures are sane: counts not negative, a step that costs something.
namespace {

void check(cx::any_model const& m) {
    cx::count const total = m.parameters();
    if (total <= 0 || m.active_parameters() <= 0 || m.active_parameters() > total) std::abort();
    if (m.state_bytes(0) < 0 || m.state_bytes(4096) < m.state_bytes(1)) std::abort();
    auto const graph = cx::lower(m, cx::layout{});
    if (!graph) std::abort();
    cx::roofline<> const price(cx::system<"b200_sxm">);
    cx::group const mixed[] = {{.sequences = 2, .new_tokens = 100, .past_tokens = 50, .phase = cx::phase::prefill}, {.sequences = 3, .past_tokens = 1000}};
    double const seconds = cx::seconds(*graph, cx::step(mixed), price);
    if (!(seconds > 0)) std::abort();  // int8 has a rate on this device, as every other class does
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(char const* data, std::size_t size) {
    std::string_view const text(data, size);
    auto const model = cx::read_model(text);
    if (model) {
        check(*model);
        return 0;
    }
    if (model.error().empty()) std::abort();
    for (cx::problem const& p : model.error())
        if (cx::describe(p, text).message.view().empty()) std::abort();
    return 0;
}

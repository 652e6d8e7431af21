// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/model/legal.hpp>
#include <costexpr/model/registry.hpp>
#include <costexpr/model/totals.hpp>
#include <costexpr/system/system.hpp>

namespace costexpr {

/// Whether a model that was read at run time can be laid out like this; every reason against it.
template <class... F>
[[nodiscard]] constexpr result<void> legal(basic_model<F...> const& m, layout const& l) {
    return visit([&](auto const& family) { return legal(family, l); }, m);
}

/// The layouts of a model on so many devices.
struct layout_list {
    static constexpr std::size_t capacity = 512;

    inplace_vector<layout, capacity> legal{};
    count dropped = 0;   ///< legal ones beyond the capacity
    count refused = 0;
    problems reasons{};  ///< against those that were refused, each once

    [[nodiscard]] constexpr std::size_t size() const { return legal.size(); }
    [[nodiscard]] constexpr layout const* begin() const { return legal.begin(); }
    [[nodiscard]] constexpr layout const* end() const { return legal.end(); }
};

namespace detail {

template <walkable M>
constexpr bool routes(M const& m) { return has_experts(m); }
template <class... F>
constexpr bool routes(basic_model<F...> const& m) { return has_experts(m.ops()); }

/// The next divisor of n after d; 0 where there is none.
constexpr count next_divisor(count n, count d) {
    while (++d <= n)
        if (n % d == 0) return d;
    return 0;
}

}  // namespace detail

/// The legal layouts on so many devices of a system: cp x pp x dp x tp = devices, and for models with experts moe_tp x ep = tp x dp x cp;
/// with the reasons against the others. Fewest context-parallel ranks first, then fewest pipeline stages, then fewest attention-DP ranks (so most
/// tensor parallelism), then fewest expert-parallel ranks. Tensor parallelism stays on the links of a node, or of a rack where those span it.
template <class M>
[[nodiscard]] constexpr layout_list layouts(M const& m, system_spec const& s, count devices) {
    layout_list all{};
    if (devices < 1 || devices > largest_dimension) {
        all.reasons.add({.code = errc::illegal_layout, .key = "devices", .expected = devices < 1 ? count{1} : largest_dimension, .found = devices,
                         .hint = devices < 1 ? "at least #" : "at most #"});
        return all;
    }
    bool const experts = detail::routes(m);
    count const joined = max(max(s.node.devices, s.rack.devices), count{1});
    for (count cp = 1; cp != 0; cp = detail::next_divisor(devices, cp)) {
        for (count pp = 1; pp != 0; pp = detail::next_divisor(devices / cp, pp)) {
            count const stage = devices / pp;
            for (count dp = 1; dp != 0; dp = detail::next_divisor(stage / cp, dp)) {
                count const tp = stage / cp / dp;
                if (tp > joined) {
                    ++all.refused;
                    all.reasons.add({.code = errc::illegal_layout, .key = "tp", .expected = joined, .found = tp, .hint = "at most #, the devices that the fast links join"});
                    continue;
                }
                for (count ep = 1; ep != 0; ep = experts ? detail::next_divisor(stage, ep) : 0) {
                    layout const l{.tp = tp, .pp = pp, .dp = dp, .ep = ep, .moe_tp = experts ? stage / ep : 0, .cp = cp};
                    if (auto const good = legal(m, l); !good) {
                        ++all.refused;
                        for (problem const& p : good.error()) all.reasons.add(p);
                    } else if (!all.legal.try_push_back(l)) {
                        ++all.dropped;
                    }
                }
            }
        }
    }
    return all;
}

}  // namespace costexpr

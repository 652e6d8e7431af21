// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/cost/forms/attention.hpp>
#include <costexpr/cost/forms/collective.hpp>
#include <costexpr/cost/forms/device.hpp>
#include <costexpr/cost/forms/elementwise.hpp>
#include <costexpr/cost/forms/encoder_attention.hpp>
#include <costexpr/cost/forms/exchange.hpp>
#include <costexpr/cost/forms/gemm.hpp>
#include <costexpr/cost/forms/mla.hpp>
#include <costexpr/cost/forms/moe.hpp>
#include <costexpr/cost/forms/recurrent.hpp>
#include <costexpr/cost/forms/sparse_attention.hpp>
#include <costexpr/embedded/calibrations.hpp>
#include <costexpr/embedded/systems.hpp>
#include <costexpr/schema/read.hpp>
#include <costexpr/system/framework.hpp>
#include <costexpr/system/system.hpp>

#include <cstddef>
#include <utility>
#include <string_view>
#include <type_traits>

namespace costexpr {

namespace forms {

/// A kernel without a form of its own: the roofline at the efficiencies that kernels of its kind reach.
///   seconds  launch + smooth_max(flops / (compute peak), bytes / (memory bandwidth)) + wire / (wire link)
struct typical_form {
    double compute = 0.6;    ///< part of the peak of the tensor units
    double memory = 0.75;    ///< part of the bandwidth of the memory
    double wire = 0.7;       ///< part of the bandwidth of a link
    double launch_us = 2;    ///< beside the work
    double pass_us = 1.5;    ///< the same of an element-wise pass

    static constexpr auto json(auto...) {
        using f = typical_form;
        return std::array{key(&f::compute, "typical.compute").optional(), key(&f::memory, "typical.memory").optional(), key(&f::wire, "typical.wire").optional(), key(&f::launch_us, "typical.launch_us").optional(),
                          key(&f::pass_us, "typical.pass_us").optional()};
    }
};

}  // namespace forms

/// The constants of a system under a framework, read from systems/<gpu>.<framework>.json or a file of the same keys: of each form one entry per
/// slice (kernel, dtype). Of entries that fit an op the first counts.
struct calibration {
    short_string system{};
    short_string framework{};
    short_string version{};
    double multiprocessors = 0;
    forms::typical_form typical{};
    inplace_vector<forms::gemm_form, 48> gemm{};
    inplace_vector<forms::prefill_attention_form, 32> prefill_attention{};
    inplace_vector<forms::decode_attention_form, 32> decode_attention{};
    inplace_vector<forms::encoder_attention_form, 4> encoder_attention{};
    inplace_vector<forms::collective_form, 4> all_reduce{};    ///< the framework's own kernels
    inplace_vector<forms::collective_form, 8> collectives{};   ///< the collective library
    inplace_vector<forms::mla_prefill_form, 8> mla_prefill{};
    inplace_vector<forms::mla_decode_form, 8> mla_decode{};
    inplace_vector<forms::mla_bmm_form, 8> mla_bmm{};
    inplace_vector<forms::sparse_form, 4> dsa_prefill{};
    inplace_vector<forms::sparse_form, 4> dsa_decode{};
    inplace_vector<forms::sparse_form, 4> msa_prefill{};
    inplace_vector<forms::sparse_form, 4> msa_decode{};
    inplace_vector<forms::sparse_form, 4> compressed_prefill{};
    inplace_vector<forms::sparse_form, 4> compressed_decode{};
    inplace_vector<forms::moe_form, 48> moe{};
    inplace_vector<forms::exchange_form, 16> moe_exchange{};
    inplace_vector<forms::pass_form, 8> elementwise{};  ///< by the role of an op
    inplace_vector<forms::pass_form, 4> hyper_connections{};
    inplace_vector<forms::recurrent_form, 16> gated_delta{};
    inplace_vector<forms::recurrent_form, 16> kda{};
    inplace_vector<forms::recurrent_form, 16> mamba2{};

    using parts = part_list<&calibration::typical>;
    static constexpr auto json(auto...) {
        using c = calibration;
        return std::array{key(&c::system, "system"), key(&c::framework, "framework").optional(), key(&c::version, "version").optional(),
                          key(&c::multiprocessors, "multiprocessors").optional()};
    }
    /// Calls f(key, list) for every list of forms.
    template <class Self, class F>
    static constexpr void for_each_list(Self& c, F const& f) {
        f("gemm", c.gemm);
        f("prefill_attention", c.prefill_attention);
        f("decode_attention", c.decode_attention);
        f("encoder_attention", c.encoder_attention);
        f("all_reduce", c.all_reduce);
        f("collectives", c.collectives);
        f("mla_prefill", c.mla_prefill);
        f("mla_decode", c.mla_decode);
        f("mla_bmm", c.mla_bmm);
        f("dsa_prefill", c.dsa_prefill);
        f("dsa_decode", c.dsa_decode);
        f("msa_prefill", c.msa_prefill);
        f("msa_decode", c.msa_decode);
        f("compressed_prefill", c.compressed_prefill);
        f("compressed_decode", c.compressed_decode);
        f("moe", c.moe);
        f("moe_exchange", c.moe_exchange);
        f("elementwise", c.elementwise);
        f("hyper_connections", c.hyper_connections);
        f("gated_delta", c.gated_delta);
        f("kda", c.kda);
        f("mamba2", c.mamba2);
    }
};

namespace detail {

/// Problems of a part of a text, told of the whole.
constexpr void add_problems(problems const& of_part, std::uint32_t begin, problems& p) {
    for (problem q : of_part) {
        q.offset += begin;
        p.add(q);
    }
}

template <class Form, std::size_t N>
constexpr void read_forms(std::string_view text, json::value const& list, std::string_view name, inplace_vector<Form, N>& into, problems& p) {
    if (list.kind != json::kind::array) {
        p.add({.code = errc::wrong_type, .offset = list.begin, .key = name, .hint = "a list"});
        return;
    }
    json::reader r = json::reader::inside(text, list);
    for (r.enter_array(); r.next_element();) {
        json::value const v = r.skip();
        auto const one = costexpr::read<Form>(v.raw(text));
        if (!one)
            add_problems(one.error(), v.begin, p);
        else if (!into.try_push_back(*one))
            p.add({.code = errc::list_too_long, .offset = v.begin, .key = name, .expected = static_cast<count>(N), .hint = "at most # entries"});
    }
}

}  // namespace detail

inline constexpr std::size_t all_lists = static_cast<std::size_t>(-1);

/// Reads constants; all problems are reported together. Of one list alone where one is named by its number: so much constant evaluation of a large
/// file can be done in parts.
template <class Calibration = calibration>
[[nodiscard]] constexpr result<Calibration> read_calibration(std::string_view text, std::size_t only = all_lists) {
    result<Calibration> c = costexpr::read<Calibration>(text);
    if (!c) return c;
    problems p{};
    json::reader r(text);
    r.enter_object();
    for (json::string_token k{}; r.next_member(k);) {
        json::value const v = r.skip();
        std::size_t number = 0;
        Calibration::for_each_list(*c, [&](std::string_view name, auto& list) {
            if ((number == only || only == all_lists) && json::equals(text, k, name)) detail::read_forms(text, v, name, list, p);
            ++number;
        });
    }
    if (!p.empty()) return p;
    return c;
}

/// Constants of kernels as a framework runs them in a model: quantization that is fused into the kernel before costs nothing here, and a part of
/// every launch hides behind the kernel before.
constexpr void run_as(calibration& c, framework_profile const& f) {
    double plain = 1e9;
    for (auto const& g : c.gemm)
        if (g.weights == dtype::bf16) plain = min(plain, g.launch_us);
    for (auto& g : c.gemm) {
        if (!f.fuses_quantization || activation_width(g.weights) >= 2 || g.weights == dtype::fp8_block) continue;
        g.launch_us = min(g.launch_us, plain);
        g.quantize_passes = 0;
    }
    calibration::for_each_list(c, [&](std::string_view, auto& list) {
        for (auto& one : list) one.launch_us = max(0.0, one.launch_us - f.hidden_us);
    });
    c.typical.launch_us = max(0.0, c.typical.launch_us - f.hidden_us);
    c.typical.pass_us = max(0.0, c.typical.pass_us - f.hidden_us);
}

/// The embedded constants of a system under a framework; an empty text where there are none.
[[nodiscard]] constexpr std::string_view calibration_text(std::string_view system, std::string_view framework) {
    inplace_vector<char, 64> name{};
    for (std::string_view part : {system, std::string_view("."), framework})
        for (char c : part)
            if (!name.try_push_back(c)) return {};
    return embedded::text_of(embedded::calibrations, {name.begin(), name.size()});
}

/// Takes over the forms of another device or framework, so many steps away, for what has none here; they are marked, so that prices by them say
/// `extrapolated` and their bands widen; none away, for a part of the same file.
constexpr void fill_gaps(calibration& c, calibration const& other, count steps) {
    bool filled = false;
    calibration::for_each_list(c, [&](std::string_view name, auto& mine) {
        if (!mine.empty()) return;
        calibration::for_each_list(other, [&](std::string_view its_name, auto const& its) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(its)>, std::remove_cvref_t<decltype(mine)>>) {
                if (its_name != name) return;
                mine = its;
                for (auto& one : mine) one.error.steps = steps;
                filled = filled || !mine.empty();
            }
        });
    });
    if (filled && c.multiprocessors == 0) c.multiprocessors = other.multiprocessors;
}

/// A system and a framework without embedded constants; never defined, so that the first line of a compile error prints them.
template <fixed_string System, fixed_string Framework>
struct no_embedded_constants_are_named;

namespace detail {

template <fixed_string System, fixed_string Framework, std::size_t List>
inline constexpr auto constants_of_list = read_calibration(calibration_text(System.view(), Framework.view()), List);

consteval std::size_t count_lists() {
    calibration const none{};
    std::size_t n = 0;
    calibration::for_each_list(none, [&](std::string_view, auto const&) { ++n; });
    return n;
}

template <fixed_string System, fixed_string Framework>
consteval calibration named_constants() {
    if constexpr (calibration_text(System.view(), Framework.view()).empty()) {
        (void)sizeof(no_embedded_constants_are_named<System, Framework>);
        static_assert(!calibration_text(System.view(), Framework.view()).empty(),
                      "costexpr: no constants are embedded for this system under this framework; systems/ lists them as <system>.<framework>.json");
    } else {
        calibration all = *constants_of_list<System, Framework, 0>;
        // every list was read by itself: the steps of one constant evaluation are limited
        [&]<std::size_t... I>(std::index_sequence<I...>) { (fill_gaps(all, *constants_of_list<System, Framework, I>, 0), ...); }(std::make_index_sequence<count_lists()>{});
        return all;
    }
}

}  // namespace detail

/// The embedded constants of a system under a framework, as a constant: `costexpr::calibration_for<"h200_sxm", "vllm">`. What was not measured there is
/// not filled in (calibration_of does that at run time).
template <fixed_string System, fixed_string Framework>
inline constexpr calibration calibration_for = detail::named_constants<System, Framework>();

/// The embedded constants for a system under a framework. What was not measured there is taken over, in this order: from the same system under
/// another framework, from another system of its generation under the same framework, from one under another framework. Nothing where its
/// generation has no constants at all.
[[nodiscard]] constexpr result<calibration> calibration_of(system_spec const& s, std::string_view framework) {
    result<calibration> c = calibration{.system = s.name, .framework = short_string(framework)};
    bool found = false;
    auto const take = [&](std::string_view system, std::string_view under, double scale) {
        std::string_view const text = calibration_text(system, under);
        if (text.empty() || !c) return;
        auto const other = read_calibration(text);
        if (!other) {
            c = other.error();
        } else if (!found && scale == 1 && under == framework) {
            c = *other;
        } else {
            calibration near = *other;
            near.multiprocessors *= scale;
            fill_gaps(*c, near, scale == 1 && system == s.name.view() ? 1 : 2);
            if (!found) c->typical = near.typical;
        }
        found = true;
    };
    take(s.name.view(), framework, 1);
    for (std::string_view under : framework_names)
        if (under != framework) take(s.name.view(), under, 1);
    for (bool same : {true, false})
        for (std::size_t i = 0; i != embedded::system_count; ++i) {
            embedded::entry const& e = embedded::systems[i];
            if (e.name == s.name.view()) continue;
            auto const near = read_system(e.config());
            if (!near || s.generation.empty() || near->generation != s.generation) continue;
            // as many more multiprocessors as it multiplies faster
            double const scale = s.device.rate(math::bf16) / near->device.rate(math::bf16);
            for (std::string_view under : framework_names)
                if ((under == framework) == same) take(e.name, under, scale);
        }
    if (!found) return problem{.code = errc::unknown_name, .key = "framework", .hint = "a system of a generation with constants; systems/calibrate.py makes them from measurements"};
    return c;
}

}  // namespace costexpr

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/cost/calibrated.hpp>
#include <costexpr/cost/evaluate.hpp>

#include <span>

namespace costexpr {

/// Standard errors on each side of a band that holds four of five values of a normal distribution.
inline constexpr double four_of_five = 1.2816;

/// The seconds of a step with how far they may be off.
struct uncertain_seconds {
    double seconds = 0;
    double relative = 0;        ///< standard error of the logarithm
    double unfitted = 0;        ///< part of the seconds whose ops have no form, or whose dtype has no constants of its own

    /// Extrapolated where more than a fifth of the seconds is.
    [[nodiscard]] constexpr provenance founded() const { return unfitted > 0.2 ? provenance::extrapolated : provenance::calibrated; }
    /// The factor that holds so many standard errors: seconds / factor to seconds factor is a band.
    [[nodiscard]] constexpr double factor(double standard_errors) const { return 1 / exp_of_negative(-standard_errors * relative); }
};

/// What the stored errors of the fits say about a step. The median of |error| of a slice is 0.674 standard errors. Errors of one slice go the same
/// way in all its ops, those of different slices are independent:
///   relative^2 = sum over slices (share error)^2 + composition^2
/// `composition` is the error of what joins the ops: overlaps, routing, host. Ops without a fit count with `typical_error`.
struct uncertainty_rules {
    double composition = 0.1;
    double typical_error = 0.3;
    double each_step = 1;      ///< that many times the error of a fit more for each step from what was measured
};
template <walkable M, class N>
[[nodiscard]] constexpr uncertain_seconds uncertainty(M const& m, deployment const& x, std::span<basic_group<N> const> groups, calibrated<double> const& price,
                                                      uncertainty_rules const& rules = {}) {
    struct part {
        forms::fit_error const* slice;
        double off;
    };
    inplace_vector<part, 32> parts{};
    uncertain_seconds u{};
    double squares = 0;
    measured_step<double, N> const s(groups, x.layout.cp);
    for_each_op_of(m, x, [&](auto const& o, op_place const& at) {
        for_each_kernel(o, s, [&](work<double> const& w, load<double> const& l, phase p) {
            auto const t = price.timing_of(o, w, l, p);
            double const all = static_cast<double>(at.times) * t.seconds;
            bool const fitted = t.error != nullptr && t.error->median > 0;
            double const off = all * (fitted ? t.error->median / 0.6745 * (1 + rules.each_step * static_cast<double>(t.steps)) : rules.typical_error);
            u.seconds += all;
            if (t.founded > provenance::calibrated) u.unfitted += all;
            for (part& known : parts)
                if (known.slice == t.error) {
                    known.off += off;
                    return;
                }
            if (!parts.try_push_back({t.error, off})) squares += off * off;
        });
    });
    for (part const& one : parts) squares += one.off * one.off;
    if (!(u.seconds > 0)) return u;
    u.relative = square_root(squares / (u.seconds * u.seconds) + rules.composition * rules.composition);
    u.unfitted /= u.seconds;
    return u;
}

}  // namespace costexpr

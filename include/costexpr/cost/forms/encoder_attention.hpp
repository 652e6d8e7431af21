// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/cost/forms/attention.hpp>

namespace costexpr::forms {

/// Attention of an encoder: prefill attention whose every query sees every key, rows of K and V as many as of Q.
using encoder_attention_form = prefill_attention_form;

/// The load that encoder attention is, for this many rows (of all sequences) that see `keys` each.
template <class T>
[[nodiscard]] COSTEXPR_INLINE constexpr load<T> encoder_load(T const& sequences, T const& rows, T const& keys) {
    return {.sequences = sequences, .tokens = rows, .pairs = rows * keys, .context = sequences * keys};
}

}  // namespace costexpr::forms

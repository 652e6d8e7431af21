// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/config.hpp>
#include <costexpr/core/inplace_vector.hpp>
#include <costexpr/core/math.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace costexpr {

/// What can be wrong with a text, a config, a layout or a request. The spelling is what `--json` prints as "code".
enum class errc : std::uint8_t {
    none,
    // the text is not JSON (RFC 8259)
    unexpected_end,
    unexpected_character,
    trailing_content,
    byte_order_mark,
    control_character,
    invalid_escape,
    invalid_utf8,
    lone_surrogate,
    invalid_number,
    number_out_of_range,
    nonfinite_number,
    depth_exceeded,
    // the JSON does not fit the field that reads it
    not_an_object,
    wrong_type,
    not_an_integer,
    out_of_range,
    duplicate_key,
    missing_key,
    list_too_long,
    unknown_name,
    not_unique,
    ill_formed,
    // the fields contradict each other
    not_divisible,
    length_mismatch,
    contradiction,
    too_large,
    // the model is not known
    unknown_architecture,
    missing_architecture,
    missing_inner_config,
    unknown_model,
    unknown_system,
    // the deployment is not possible
    illegal_layout,
    missing_math_rate,
    empty_graph,
};

/// One thing that is wrong, and where: a code, the byte offset in the text, the key it is about (always static storage, never a view
/// into the text), and two figures whose meaning the code fixes (expected and found).
struct problem {
    errc code = errc::none;
    std::uint32_t offset = 0;
    std::string_view key{};
    count expected = 0;
    count found = 0;
    std::string_view hint{};  ///< what was expected, in words; static storage

    friend constexpr bool operator==(problem const&, problem const&) = default;
};

/// Every problem of a text, up to 16 of them and a count of the rest.
struct problems {
    inplace_vector<problem, 16> list{};
    std::uint32_t dropped = 0;

    /// Keeps a problem, once: parts of a family that read the same key find the same wrong with it.
    COSTEXPR_ONCE constexpr void add(problem const& p) {
        for (problem const& q : list)
            if (q.code == p.code && q.offset == p.offset && q.key == p.key && q.expected == p.expected && q.found == p.found) return;
        if (!list.try_push_back(p)) ++dropped;
    }
    /// Whether something is wrong in this part of the text.
    [[nodiscard]] constexpr bool mentions(std::uint32_t begin, std::uint32_t end) const {
        for (problem const& q : list)
            if (q.offset >= begin && q.offset < end) return true;
        return false;
    }
    [[nodiscard]] constexpr bool empty() const { return list.empty(); }
    [[nodiscard]] constexpr std::size_t size() const { return list.size() + dropped; }
    [[nodiscard]] constexpr problem const& front() const { return list[0]; }
    [[nodiscard]] constexpr problem const* begin() const { return list.begin(); }
    [[nodiscard]] constexpr problem const* end() const { return list.end(); }
};

/// A value or the problems that kept it from being one, with the names of std::expected. Never throws, never allocates.
template <class T>
class [[nodiscard]] result {
  public:
    using value_type = T;
    using error_type = problems;

    constexpr result(T value) : value_(std::move(value)), has_value_(true) {}
    constexpr result(problems why) : why_(why) {}
    constexpr result(problem const& why) { why_.add(why); }

    [[nodiscard]] constexpr bool has_value() const { return has_value_; }
    [[nodiscard]] constexpr explicit operator bool() const { return has_value_; }
    /// The value; only where has_value().
    [[nodiscard]] constexpr T const& operator*() const { return value_; }
    [[nodiscard]] constexpr T& operator*() { return value_; }
    [[nodiscard]] constexpr T const* operator->() const { return &value_; }
    [[nodiscard]] constexpr T* operator->() { return &value_; }
    [[nodiscard]] constexpr T const& value() const { return value_; }
    template <class U>
    [[nodiscard]] constexpr T value_or(U&& other) const {
        return has_value_ ? value_ : static_cast<T>(std::forward<U>(other));
    }
    [[nodiscard]] constexpr problems const& error() const { return why_; }

  private:
    T value_{};
    problems why_{};
    bool has_value_ = false;
};

/// Success, or the problems that stood against it.
template <>
class [[nodiscard]] result<void> {
  public:
    constexpr result() = default;
    constexpr result(problems why) : why_(why) {}
    constexpr result(problem const& why) { why_.add(why); }

    [[nodiscard]] constexpr bool has_value() const { return why_.empty(); }
    [[nodiscard]] constexpr explicit operator bool() const { return has_value(); }
    [[nodiscard]] constexpr problems const& error() const { return why_; }

  private:
    problems why_{};
};

}  // namespace costexpr

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/builtin.hpp>
#include <costexpr/model/checkpoint.hpp>
#include <costexpr/model/family.hpp>
#include <costexpr/model/totals.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

namespace costexpr {

/// How well a figure is founded; a total carries the worst of its parts.
enum class provenance : std::uint8_t { specification, measured, calibrated, extrapolated, inferred };
inline constexpr std::array<std::string_view, 5> provenance_names{"specification", "measured", "calibrated", "extrapolated", "inferred"};

/// Remarks about a config that is read all the same.
enum class remark : std::uint8_t {
    inferred_architecture,   ///< not registered; read by its keys
    unknown_quantization,    ///< the quantization method is not known: priced as bf16
    tower_not_counted,       ///< a vision or audio tower beside the decoder
    mtp_not_counted,         ///< multi-token prediction modules beside the decoder
};
inline constexpr std::array<std::string_view, 4> remark_names{"inferred_architecture", "unknown_quantization", "tower_not_counted", "mtp_not_counted"};

/// What a config says besides its layers.
struct config_facts {
    std::string_view family{};
    short_string architecture{};
    short_string model_type{};
    precision stored{};  ///< the checkpoint's own
    costexpr::provenance founded = provenance::specification;
    bool has_vision = false;
    bool has_audio = false;
    inplace_vector<remark, 8> remarks{};
};

/// A model that is named at compile time: a family with its config's facts. Its path to seconds is forced inline and folds to constants.
template <class F>
struct known : F {
    using family_t = F;
    config_facts config{};

    [[nodiscard]] constexpr count parameters() const { return costexpr::parameters(plain()); }
    [[nodiscard]] constexpr count active_parameters() const { return costexpr::active_parameters(plain()); }
    /// Bytes that one sequence of this many tokens keeps, in the checkpoint's precision.
    [[nodiscard]] constexpr count state_bytes(count tokens) const { return costexpr::state_bytes(plain(), tokens, {.precision = config.stored}); }
    [[nodiscard]] constexpr F const& plain() const { return *this; }
};

/// A model read at run time: a variant of all families of a registry, with its config's facts.
template <class... F>
struct basic_model {
    std::variant<F...> text{};
    config_facts config{};

    [[nodiscard]] constexpr count parameters() const {
        return std::visit([](auto const& m) { return costexpr::parameters(m); }, text);
    }
    [[nodiscard]] constexpr count active_parameters() const {
        return std::visit([](auto const& m) { return costexpr::active_parameters(m); }, text);
    }
    [[nodiscard]] constexpr count state_bytes(count tokens) const {
        return std::visit([&](auto const& m) { return costexpr::state_bytes(m, tokens, {.precision = config.stored}); }, text);
    }
};

/// Calls f with the family of a model that was read at run time.
template <class Function, class... F>
constexpr decltype(auto) visit(Function&& f, basic_model<F...> const& m) {
    return std::visit(std::forward<Function>(f), m.text);
}

namespace detail {

inline constexpr std::array<std::string_view, 4> decoder_objects{"text_config", "llm_config", "language_config", "thinker_config"};
inline constexpr std::array<std::string_view, 5> header_keys{"architectures", "model_type", "vision_config", "audio_config", "quantization_config"};

/// The text of a string value, or of the first entry of a list of strings.
constexpr short_string first_text(schema::document const& d, schema::slot const* s) {
    if (s == nullptr) return {};
    json::value v = s->value;
    if (v.kind == json::kind::array) {
        json::reader r(d.text, v);
        r.enter_array();
        if (!r.next_element()) return {};
        v = r.skip();
    }
    if (v.kind != json::kind::string) return {};
    short_string out{};
    schema::read_text(d, {.present = true, .value = v}, out);
    return out;
}

/// The row of an architecture, or of a model_type: which family, and its traits.
struct claim {
    arch const* row = nullptr;
    std::size_t family = 0;
};

}  // namespace detail

/// A list of families: it maps architectures to them, generates the variant, and reads configs into it.
template <class... F>
struct registry {
    static_assert((detail::check_family<F>() && ...));

    using model = basic_model<F...>;
    template <class... G>
    using with = registry<F..., G...>;

    static constexpr std::size_t size = sizeof...(F);
    static constexpr auto words = schema::vocabulary<F..., quantization>::build(detail::decoder_objects, detail::header_keys);
    template <class G>
    static constexpr auto rows = G::architectures();

    /// The family that claims this architecture (or, `by_type`, this model_type).
    static constexpr detail::claim find(std::string_view name, bool by_type = false) {
        detail::claim found{};
        if (name.empty()) return found;
        std::size_t index = 0;
        auto const look = [&](auto const& table) {
            for (arch const& a : table)
                if (found.row == nullptr && (by_type ? a.model_type : a.name) == name) found = {&a, index};
            ++index;
        };
        (look(rows<F>), ...);
        return found;
    }

    /// Two families must not claim one architecture.
    static consteval bool unambiguous() {
        std::size_t i = 0;
        bool good = true;
        auto const check = [&](auto const& table) {
            for (arch const& a : table)
                if (find(a.name).family != i) good = false;
            ++i;
        };
        (check(rows<F>), ...);
        return good;
    }
    static_assert(unambiguous(), "costexpr: two families of a registry claim one architecture; rename it, or leave one of the families out");

    /// Reads a config.json, and the hf_quant_config.json beside it if there is one. All problems are reported together.
    static constexpr result<model> read(std::string_view config, std::string_view hf_quant_config = {}) {
        problems p{};
        schema::document d{.text = config, .options = {.nonfinite = true}, .keys = words.view()};
        schema::scan(d, p);
        if (!p.empty()) return p;

        config_facts facts{};
        detail::claim const c = classify(d, facts, p);
        if (!p.empty()) return p;
        read_quantization(d, hf_quant_config, facts, p);
        facts.has_vision = d.find("vision_config") != nullptr;
        facts.has_audio = d.find("audio_config") != nullptr;
        if (facts.has_vision || facts.has_audio) facts.remarks.try_push_back(remark::tower_not_counted);

        constexpr std::array<result<model> (*)(schema::document const&, traits const&, config_facts const&, problems&), size> readers{&read_as<F>...};
        return readers[c.family](d, c.row != nullptr ? c.row->is : traits{}, facts, p);
    }

  private:
    /// Which family a config is of: the architecture says it (of a wrapper, that of its decoder), else the model_type, else the keys.
    static constexpr detail::claim classify(schema::document const& d, config_facts& facts, problems& p) {
        schema::slot const* const architectures = d.find("architectures", true);
        short_string const outer = detail::first_text(d, architectures);
        short_string const type = detail::first_text(d, d.find("model_type", true));
        facts.architecture = outer;
        facts.model_type = type;
        detail::claim c{};
        if (d.deepest != 0) {
            short_string const inner = detail::first_text(d, d.find("architectures"));
            short_string const inner_type = detail::first_text(d, d.find("model_type"));
            if (inner != outer) c = find(inner.view());
            if (c.row == nullptr) c = find(inner_type.view(), true);
        }
        if (c.row == nullptr) c = find(outer.view());
        if (c.row == nullptr) c = find(type.view(), true);
        if (c.row != nullptr) {
            facts.family = names[c.family];
            return c;
        }
        facts.founded = provenance::inferred;
        facts.remarks.try_push_back(remark::inferred_architecture);
        std::size_t index = 0;
        bool found = false;
        auto const look = [&]<class G>() {
            if constexpr (requires { G::resembles(d); })
                if (!found && G::resembles(d)) c.family = index, found = true;
            ++index;
        };
        (look.template operator()<F>(), ...);
        if (found)
            facts.family = names[c.family];
        else if (outer.empty())
            p.add({.code = errc::missing_architecture, .offset = d.decoder, .key = "architectures", .hint = "the name of a registered architecture"});
        else
            p.add({.code = errc::unknown_architecture, .offset = architectures->value.begin, .key = "architectures",
                   .hint = "a registered architecture, or keys that describe known layers"});
        return c;
    }

    static constexpr void read_quantization(schema::document const& d, std::string_view beside, config_facts& facts, problems& p) {
        quantization q{};
        if (schema::slot const* s = d.find("quantization_config", true); s != nullptr && s->value.kind == json::kind::object) {
            schema::document inner{.text = d.text, .options = d.options, .keys = words.view()};
            schema::scan(inner, p, s->value);
            schema::fill_all<registry>(q, inner, p);
        }
        if (!beside.empty()) {
            result<quantization> const other = costexpr::read<quantization>(beside, {.nonfinite = true});
            if (other) q = *other;
        }
        if (!q.apply(facts.stored)) facts.remarks.try_push_back(remark::unknown_quantization);
    }

    template <class G>
    static constexpr result<model> read_as(schema::document const& d, traits const& is, config_facts const& facts, problems& p) {
        G g{};
        if constexpr (requires { g.apply(is); }) g.apply(is);
        schema::fill_all<registry>(g, d, p);
        schema::checker check(d, p);
        if constexpr (schema::settles<G>) g.settle(check);
        if (p.empty() && !(parameters<double>(g) < largest_total))
            p.add({.code = errc::too_large, .offset = d.decoder, .key = "", .hint = "a model of fewer than 1e15 parameters"});
        if (!p.empty()) return p;
        return model{std::variant<F...>(std::in_place_type<G>, g), facts};
    }

    static constexpr std::array<std::string_view, size> names{F::family...};
};

/// The families that costexpr ships.
using builtin = registry<dense_decoder, moe_decoder, mla_decoder>;

/// A model of the shipped families, read at run time.
using any_model = builtin::model;

/// Reads a config.json (and the hf_quant_config.json beside it) into a model of the registry's families.
template <class Registry = builtin>
[[nodiscard]] constexpr result<typename Registry::model> read_model(std::string_view config, std::string_view hf_quant_config = {}) {
    return Registry::read(config, hf_quant_config);
}

}  // namespace costexpr

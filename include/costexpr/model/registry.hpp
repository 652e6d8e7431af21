// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/core/fixed_string.hpp>
#include <costexpr/family/builtin.hpp>
#include <costexpr/family/tower.hpp>
#include <costexpr/family/wrappers.hpp>
#include <costexpr/model/checkpoint.hpp>
#include <costexpr/model/family.hpp>
#include <costexpr/model/op_graph.hpp>
#include <costexpr/model/totals.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <span>
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
    unread_structure,        ///< a key says that the layers hold more than is read
    unknown_quantization,    ///< the quantization method is not known: priced as bf16
    unread_exclusion,        ///< a pattern of modules that the checkpoint quantizes otherwise is not understood
    tower_not_counted,       ///< a vision or audio tower beside the decoder
    mtp_not_counted,         ///< multi-token prediction modules beside the decoder whose composition is not known
};
inline constexpr std::array<std::string_view, 6> remark_names{"inferred_architecture", "unread_structure", "unknown_quantization", "unread_exclusion", "tower_not_counted", "mtp_not_counted"};

/// What a config says besides its layers.
struct config_facts {
    std::string_view family{};
    short_string architecture{};
    short_string model_type{};
    costexpr::precision stored{};             ///< the checkpoint's own, without its exceptions
    dtype_exceptions exceptions{};  ///< modules that it stores otherwise
    costexpr::provenance founded = provenance::specification;
    bool has_vision = false;
    bool has_audio = false;
    tower vision{};  ///< without layers where there is none, or none whose composition is known
    tower detail{};  ///< a second one beside it, for high resolution
    tower audio{};

    /// The checkpoint's own precision: a view of this object's exceptions, so it must not outlive it.
    [[nodiscard]] COSTEXPR_INLINE constexpr costexpr::precision precision() const {
        costexpr::precision p = stored;
        if (!exceptions.empty()) p.exceptions = {exceptions.data(), exceptions.size()};
        return p;
    }
    /// Parameters of the vision towers and their projector, as far as their composition is known.
    template <class N = count>
    [[nodiscard]] constexpr N vision_parameters() const { return costexpr::parameters<N>(vision) + costexpr::parameters<N>(detail); }
    /// The same of the audio tower.
    template <class N = count>
    [[nodiscard]] constexpr N audio_parameters() const { return costexpr::parameters<N>(audio); }
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
    [[nodiscard]] constexpr count state_bytes(count tokens) const { return costexpr::state_bytes(plain(), tokens, {.precision = config.precision()}); }
    /// Parameters of the modules of multi-token prediction, which are not the decoder's.
    [[nodiscard]] constexpr count mtp_parameters() const {
        if constexpr (has_prediction<F>)
            return costexpr::parameters(prediction_of<F>{plain()});
        else
            return 0;
    }
    [[nodiscard]] constexpr F const& plain() const { return *this; }
};

/// A model read at run time: a variant of all families of a registry, with its config's facts.
template <class... F>
struct basic_model {
    std::variant<F...> text{};
    config_facts config{};

    /// The ops of the model for a deployment, whatever its family, and every reason why that is impossible.
    [[nodiscard]] constexpr op_graph<registry<F...>> ops(deployment const& x, problems& p) const {
        return std::visit([&](auto const& m) { return lay_out<registry<F...>>(m, x, p); }, text);
    }
    /// The ops of the model on a single device, in the precision of the checkpoint.
    [[nodiscard]] constexpr op_graph<registry<F...>> ops() const {
        problems none{};
        return ops({.precision = config.precision()}, none);
    }
    /// The ops of the model's modules of multi-token prediction; none where it has none.
    [[nodiscard]] constexpr op_graph<registry<F...>> prediction_ops(deployment const& x, problems& p) const {
        return std::visit([&]<class G>(G const& m) {
            if constexpr (has_prediction<G>)
                return lay_out<registry<F...>>(prediction_of<G>{m}, x, p);
            else
                return op_graph<registry<F...>>{};
        }, text);
    }
    [[nodiscard]] constexpr count parameters() const { return costexpr::parameters(ops()); }
    [[nodiscard]] constexpr count active_parameters() const { return costexpr::active_parameters(ops()); }
    [[nodiscard]] constexpr count state_bytes(count tokens) const { return costexpr::state_bytes(ops(), tokens); }
    /// Parameters of the modules of multi-token prediction, which are not the decoder's.
    [[nodiscard]] constexpr count mtp_parameters() const {
        problems none{};
        return costexpr::parameters(prediction_ops({}, none));
    }
};

/// Calls f with the family of a model that was read at run time.
template <class Function, class... F>
constexpr decltype(auto) visit(Function&& f, basic_model<F...> const& m) {
    return std::visit(std::forward<Function>(f), m.text);
}

namespace detail {

inline constexpr std::array<std::string_view, 4> decoder_objects{"text_config", "llm_config", "language_config", "thinker_config"};
inline constexpr std::array<std::string_view, 11> header_keys{"architectures", "model_type", "vision_config", "vit_config", "high_res_vision_config",
                                                             "audio_config", "sound_config", "talker_config", "version", "quantization_config", "expert_dtype"};

/// A value, or the first entry where it is a list.
constexpr json::value first_of(schema::document const& d, json::value const& v) {
    if (v.kind != json::kind::array) return v;
    json::reader r = json::reader::inside(d.text, v);
    r.enter_array();
    return r.next_element() ? r.skip() : json::value{};
}

/// The text of a string value, or of the first entry of a list of strings.
constexpr short_string first_text(schema::document const& d, schema::slot const* s) {
    if (s == nullptr) return {};
    json::value const v = first_of(d, s->value);
    if (v.kind != json::kind::string) return {};
    short_string out{};
    schema::read_text(d, {.present = true, .value = v}, out);
    return out;
}

/// The number under a key of the outermost object; 0 where there is none.
constexpr double real(schema::document const& d, std::string_view key) {
    schema::slot const* const s = d.find(key, true);
    double out = 0;
    if (s == nullptr || s->value.kind != json::kind::number || json::to_double(s->value.raw(d.text), out) != errc::none) return 0;
    return out;
}

/// The row of an architecture, or of a model_type: which family, and its traits.
struct claim {
    arch const* row = nullptr;
    std::size_t family = 0;
};
COSTEXPR_COLD constexpr claim find_claim(std::span<std::span<arch const> const> tables, std::string_view name, bool by_type) {
    if (name.empty()) return {};
    for (std::size_t i = 0; i != tables.size(); ++i)
        for (arch const& a : tables[i])
            if ((by_type ? a.model_type : a.name) == name) return {&a, i};
    return {};
}

}  // namespace detail

/// An architecture that two families claim; never defined, so that the first line of a compile error prints it.
template <fixed_string Architecture>
struct two_families_claim;

/// A list of families: it maps architectures to them, generates the variant, and reads configs into it.
template <class... F>
struct registry {
    static_assert((detail::check_family<F>() && ...));

    using model = basic_model<F...>;
    template <class... G>
    using with = registry<F..., G...>;

    static constexpr std::size_t size = sizeof...(F);
    static constexpr auto words = schema::vocabulary<F...>::build(detail::decoder_objects, detail::header_keys, unusual_keys, deciding_keys);
    template <class G>
    static constexpr auto rows = G::architectures();

    static constexpr std::array<std::span<arch const>, size> tables{std::span<arch const>(rows<F>)...};

    /// The family that claims this architecture (or, `by_type`, this model_type).
    static constexpr detail::claim find(std::string_view name, bool by_type = false) { return detail::find_claim(tables, name, by_type); }

    /// The first architecture that two families claim. Hashed: to compare all pairs would take a tenth of all compile time.
    static consteval std::string_view contested() {
        constexpr std::size_t buckets = std::bit_ceil(2 * (std::size_t{1} + ... + rows<F>.size()));
        std::array<detail::claim, buckets> claims{};
        for (std::size_t i = 0; i != size; ++i)
            for (arch const& a : tables[i]) {
                if (a.name.empty()) continue;
                std::size_t at = schema::words_view::hash(a.name) % buckets;
                while (claims[at].row != nullptr && !schema::is_same(claims[at].row->name, a.name)) at = (at + 1) % buckets;
                if (claims[at].row != nullptr && claims[at].family != i) return a.name;
                claims[at] = {&a, i};
            }
        return {};
    }
    /// Two families must not claim one architecture.
    static consteval bool unambiguous() {
        constexpr std::string_view name = contested();
        if constexpr (!name.empty()) {
            (void)sizeof(two_families_claim<fixed_string<name.size() + 1>(name)>);
            static_assert(name.empty(), "costexpr: two families of a registry claim one architecture; rename it, or leave one of the families out");
        }
        return true;
    }
    /// Reads a config.json, and the hf_quant_config.json beside it if there is one. All problems are reported together.
    static constexpr result<model> read(std::string_view config, std::string_view hf_quant_config = {}) {
        static_assert(unambiguous());
        problems p{};
        schema::document d{.text = config, .options = {.nonfinite = true}, .keys = words.view()};
        schema::scan(d, p);
        if (!p.empty()) return p;

        config_facts facts{};
        arch likely{};
        detail::claim c = claimed_or_likely(d, facts, likely, p);
        if (!p.empty()) return p;
        arch nested{};
        if (c.row != nullptr && d.deepest != 0) {
            nested = *c.row;
            fill_nested(nested.is.size, nested.model_type);
            c.row = &nested;
        }
        read_towers(d, facts, p);

        constexpr std::array<model (*)(schema::document const&, traits const&, config_facts const&, problems&), size> readers{&read_as<F>...};
        model m = readers[c.family](d, c.row != nullptr ? c.row->is : traits{}, facts, p);
        if (!hf_quant_config.empty() || d.find("quantization_config", true) != nullptr) quantize(d, hf_quant_config, m, p);
        if (!p.empty()) return p;
        if (double const total = costexpr::parameters<double>(m.ops()); !(total < largest_total))
            return problem{.code = errc::too_large, .offset = d.decoder, .found = static_cast<count>(min(total, 9e18)), .hint = "a model of fewer than 1e15 parameters"};
        return m;
    }

    /// The family that reads a scanned config, and its row; a problem where there is none.
    static constexpr detail::claim claimed_by(schema::document const& d, config_facts& facts, problems& p) { return classify(d, facts, p); }
    /// Calls f.operator()<F>() with the family of this number.
    template <class Function>
    static constexpr void with_family(std::size_t which, Function const& f) {
        std::size_t index = 0;
        ((index++ == which ? f.template operator()<F>() : void()), ...);
    }

  private:
    /// T as a type that depends on the registry: what is written with it is not instantiated before the registry reads.
    template <class T>
    using used = std::conditional_t<size != 0, T, void>;

    /// The same; an architecture without a row gets the one that its family takes it for.
    COSTEXPR_ONCE static constexpr detail::claim claimed_or_likely(schema::document const& d, config_facts& facts, arch& likely, problems& p) {
        detail::claim c = classify(d, facts, p);
        if (c.row != nullptr || !p.empty()) return c;
        with_family(c.family, [&]<class G>() {
            if constexpr (requires { G::likely(d); }) likely.is = G::likely(d);
        });
        c.row = &likely;
        return c;
    }

    /// Which family a config is of: the architecture says it (of a wrapper, that of its decoder), else the model_type, else the keys.
    static constexpr detail::claim classify(schema::document const& d, config_facts& facts, problems& p) {
        schema::slot const* const architectures = d.find("architectures", true);
        short_string const outer = detail::first_text(d, architectures);
        short_string const type = detail::first_text(d, d.find("model_type", true));
        facts.architecture = outer;
        facts.model_type = type;
        detail::claim c{};
        wrapper const* const around = find_wrapper<used<wrapper>>(outer.view(), type.view(), detail::real(d, "version"));
        bool const nested = d.deepest != 0;
        if (nested) {
            short_string const inner = detail::first_text(d, d.find("architectures"));
            short_string const inner_type = detail::first_text(d, d.find("model_type"));
            if (inner != outer) c = find(inner.view());
            if (c.row == nullptr) c = find(inner_type.view(), true);
        }
        if (around != nullptr && !nested && !describes_some_decoder(d)) {
            p.add({.code = errc::missing_inner_config, .offset = (architectures != nullptr ? architectures : d.find("model_type", true))->value.begin, .key = "text_config",
                   .hint = "an object with the keys of the decoder: text_config, llm_config, language_config or thinker_config"});
            return c;
        }
        auto const ask_wrapper = [&] {
            c = find(around->decoder, true);
            if (c.row == nullptr) c = find(around->decoder);
        };
        if (c.row == nullptr && around != nullptr && (nested || around->version != 0)) ask_wrapper();
        if (c.row == nullptr) c = find(outer.view());
        if (c.row == nullptr) c = find(type.view(), true);
        if (c.row == nullptr && around != nullptr) ask_wrapper();
        // DeepSeek-V2 without latent attention is DeepSeek (DeepSeek-OCR, the smallest DeepSeek-VL2)
        if (schema::slot const* const latent = d.find("use_mla"); latent != nullptr && latent->value.kind == json::kind::boolean && d.raw(*latent)[0] == 'f')
            if (detail::claim const plain = find("DeepseekForCausalLM"); c.row != nullptr && plain.row != nullptr && !detail::has_any(d, "kv_lora_rank")) c = plain;
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
        json::value const named = architectures == nullptr ? json::value{} : detail::first_of(d, architectures->value);
        if (found)
            facts.family = names[c.family];
        else if (architectures == nullptr)
            p.add({.code = errc::missing_architecture, .key = "architectures", .hint = "a list with the name of an architecture"});
        else if (outer.empty())
            p.add({.code = errc::wrong_type, .offset = named.kind == json::kind::end ? architectures->value.begin : named.begin, .key = "architectures", .hint = "a list with the name of an architecture"});
        else
            p.add({.code = errc::unknown_architecture, .offset = named.begin, .key = "architectures",
                   .hint = "one that `costexpr families` lists, or keys that describe known layers: num_hidden_layers, hidden_size, num_attention_heads, vocab_size"});
        return c;
    }

    /// The dtype of each component of a quantized checkpoint, and what it stores otherwise.
    COSTEXPR_COLD static constexpr void quantize(schema::document const& d, std::string_view beside, model& m, problems& p) {
        module_dtypes listed{};
        bool understood = true;
        if (!read_quantization<used<quantization>>(d, beside, m.config.stored, listed, understood, p)) m.config.remarks.try_push_back(remark::unknown_quantization);
        if (!p.empty()) return;
        if (listed.any() && !settle_precision(listed, std::visit([](auto const& f) { return blocks_of(f); }, m.text), costexpr::weights_by_role_of(m.ops()), m.config.stored, m.config.exceptions)) understood = false;
        if (!understood) m.config.remarks.try_push_back(remark::unread_exclusion);
    }

    /// Reads one tower: from its own object, and from the wrapper's keys of what leads into the decoder.
    template <class T>
    COSTEXPR_ONCE static constexpr void read_tower(schema::document const& d, json::value const& object, std::string_view wrapper, std::string_view usual, bool fixed,
                                     projector_traits const& link, T& out, problems& p) {
        json::value const type = schema::member(d, object, "model_type");
        short_string own{};
        if (type.kind == json::kind::string) schema::read_text(d, {.present = true, .value = type}, own);
        tower_traits const* known = fixed ? nullptr : find_tower<used<tower_row>>(own.view());
        if (known == nullptr && (fixed || own.empty() || own == wrapper)) known = find_tower<used<tower_row>>(usual);
        if (known == nullptr) return;
        schema::document inner{.text = d.text, .options = d.options, .keys = tower_keys<T>::words.view()};
        schema::scan(inner, p, object);
        out.apply(*known);
        schema::fill_all<tower_keys<T>>(out, inner, p);
        using projector_t = decltype(T::link);
        schema::document around{.text = d.text, .options = d.options, .keys = schema::keys_of<projector_t>::words.view()};
        schema::scan(around, p);
        out.link.is = link;
        out.link.bias = link.first_bias;
        schema::fill_all<schema::keys_of<projector_t>>(out.link, around, p);
        out.link.settle(around);
        schema::checker check(inner, p);
        if (p.empty()) out.settle(check, inner);
        // a resampler of Idefics has no key for what its blocks hold
        if (out.link.resampled) out = T{};
    }
    COSTEXPR_ONCE static constexpr void read_towers(schema::document const& d, config_facts& facts, problems& p) {
        using T = used<tower>;
        schema::slot const* vision = d.find("vision_config", true);
        bool const early = vision == nullptr;
        if (early) vision = d.find("vit_config", true);
        schema::slot const* const detailed = d.find("high_res_vision_config", true);
        schema::slot const* audio = d.find("audio_config");
        if (audio == nullptr) audio = d.find("sound_config");
        facts.has_vision = vision != nullptr;
        facts.has_audio = audio != nullptr;
        if (!facts.has_vision && !facts.has_audio) return;
        std::string_view name = facts.model_type.view();
        projector_row const* row = find_projector<used<projector_row>>(name);
        if (wrapper const* const w = find_wrapper<used<wrapper>>(facts.architecture.view(), {}); row == nullptr && w != nullptr) row = find_projector<used<projector_row>>(name = w->model_type);
        projector_row const none{};
        projector_row const& r = row != nullptr ? *row : none;
        auto const read_one = [&](json::value const& object, std::string_view usual, projector_traits const& link, T& out) {
            if (object.kind == json::kind::object) read_tower<T>(d, object, name, usual, r.fixed, link, out, p);
            // a tower whose projector is not known is not counted in part
            if (row == nullptr && out.is != nullptr && out.is->merger.kind == projector_kind::none) out = T{};
        };
        if (facts.has_vision) {
            json::value const encoder = schema::member(d, vision->value, "encoder_config");
            read_one(encoder.kind == json::kind::object ? encoder : vision->value, r.tower, r.vision, facts.vision);
            if (early) facts.vision.trim();
            json::value const second = detailed != nullptr ? detailed->value : schema::member(d, vision->value, "sam_config");
            if (r.second.kind != projector_kind::none) read_one(second, "sam_vision_model", r.second, facts.detail);
        }
        if (facts.has_audio) read_one(audio->value, r.ears, r.audio, facts.audio);
        bool const more = d.find("talker_config", true) != nullptr;
        if (more || (facts.has_audio && facts.audio.is == nullptr) || (facts.has_vision && facts.vision.is == nullptr)) facts.remarks.try_push_back(remark::tower_not_counted);
    }

    /// What leads from the towers into a decoder of this width.
    COSTEXPR_ONCE static constexpr void lead_towers(auto& facts, count width, schema::document const& d, problems& p) {
        for (auto* t : {&facts.vision, &facts.detail, &facts.audio}) {
            t->link.width = width;
            if (p.empty() && t->is != nullptr && !(costexpr::parameters<double>(*t) < largest_total))
                p.add({.code = errc::too_large, .offset = d.decoder, .found = most_bytes, .hint = "a tower of fewer than 1e15 parameters"});
        }
    }

    template <class G>
    static constexpr model read_as(schema::document const& d, traits const& is, config_facts const& facts, problems& p) {
        model m{std::variant<F...>(std::in_place_type<G>), facts};
        G& g = *std::get_if<G>(&m.text);
        constexpr std::uint16_t earlier_blocks = words.view().find("attn_res_block_size");
        if constexpr (!schema::any_reads_key<registry, earlier_blocks>(schema::tables_of<G>()))
            if (d.find(earlier_blocks) != nullptr) {
                m.config.founded = provenance::inferred;
                m.config.remarks.try_push_back(remark::unread_structure);
            }
        if constexpr (requires { g.apply(is); }) g.apply(is);
        if constexpr (requires { g.prepare(d); }) g.prepare(d);
        schema::fill_all<registry>(g, d, p);
        schema::checker check(d, p);
        if constexpr (schema::settles<G>) g.settle(check);
        if constexpr (requires { g.base.hidden; }) lead_towers(m.config, g.base.hidden, d, p);
        if constexpr (requires { g.base.predictions(); })
            if (!has_prediction<G> && g.base.predictions() != 0) m.config.remarks.try_push_back(remark::mtp_not_counted);
        return m;
    }

    static constexpr std::array<std::string_view, size> names{F::family...};
};

namespace detail {

// The variant of a registry, without asking the registry itself: naming it would build its tables in every translation unit.
template <class Registry>
struct model_of;
template <class... F>
struct model_of<registry<F...>> {
    using type = basic_model<F...>;
};

}  // namespace detail

/// The families that costexpr ships.
using builtin = registry<dense_decoder, moe_decoder, mla_decoder, linear_hybrid_decoder, kimi_linear_decoder, mamba_hybrid_decoder, nemotron_h_decoder,
                         state_space_decoder, convolution_hybrid_decoder, gemma4_decoder, deepseek_v4_decoder, rwkv_decoder, nas_decoder,
                         lightning_hybrid_decoder, xlstm_decoder, recurrent_gemma_decoder, zamba_decoder, inkling_decoder, zaya_decoder>;

/// A model of the shipped families, read at run time.
using any_model = detail::model_of<builtin>::type;

/// Reads a config.json (and the hf_quant_config.json beside it) into a model of the registry's families.
template <class Registry = builtin>
[[nodiscard]] constexpr result<typename Registry::model> read_model(std::string_view config, std::string_view hf_quant_config = {}) {
    return Registry::read(config, hf_quant_config);
}

}  // namespace costexpr

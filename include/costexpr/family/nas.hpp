// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/backbone.hpp>
#include <costexpr/family/feed_forward.hpp>
#include <costexpr/family/grouped_attention.hpp>
#include <costexpr/layer/linear.hpp>

namespace costexpr {

/// Decoders whose blocks were searched one by one (Puzzle, arXiv:2411.19146; Llama-Nemotron, arXiv:2505.00949; DeciLM): each has an attention
/// of its own number of KV heads and a feed-forward network of its own inner size, or a linear layer or nothing in the place of either.
struct nas_decoder {
    backbone base{};
    grouped_attention attention{};
    feed_forward network{};
    inplace_vector<counted<count>, 8> kv_heads{};  ///< distinct numbers of KV heads
    inplace_vector<counted<count>, 24> inner{};    ///< distinct inner sizes
    count linears = 0;
    count blocks = 0;  ///< that are there at all, each behind a norm

    static constexpr std::string_view family = "nas";
    using parts = part_list<&nas_decoder::base, &nas_decoder::attention, &nas_decoder::network>;
    static constexpr auto architectures() { return std::array{arch{"DeciLMForCausalLM", "nemotron-nas"}, arch{"DeciLMForCausalLM", "deci"}}; }
    /// Whether the keys of a config of no registered architecture describe this family.
    static constexpr bool resembles(schema::document const& d) {
        schema::slot const* const s = d.find("block_configs");
        return s != nullptr && s->value.kind == json::kind::array;
    }
    constexpr void apply(traits const& is) {
        base.apply(is);
        attention.apply(is);
        network.apply(is);
    }
    COSTEXPR_ONCE constexpr void settle(auto& check) {
        attention.settle_heads(check);
        schema::document const& d = check.source();
        count listed = 0;
        if (schema::slot const* const s = d.find("block_configs"); s != nullptr) {
            schema::for_each_entry(d, s->value, [&](json::value const& block) {
                ++listed;
                if (!check.clean()) return;
                read_attention(check, d, block);
                read_network(check, d, block);
            });
            if (listed != base.layers) check.fail(errc::length_mismatch, "block_configs", base.layers, listed);
            return;
        }
        // DeciLM: a list of KV heads, one feed-forward network for all
        blocks = 2 * base.layers;
        network.settle(check, base.layers);
        inner.try_push_back({base.layers, network.inner});
        schema::slot const* const s = d.find("num_key_value_heads_per_layer");
        if (s == nullptr) return void(kv_heads.try_push_back({base.layers, attention.kv_heads}));
        schema::for_each_entry(d, s->value, [&](json::value const& entry) {
            ++listed;
            if (check.clean()) add_heads(check, "num_key_value_heads_per_layer", schema::whole(d, entry));
        });
        if (listed != base.layers) check.fail(errc::length_mismatch, "num_key_value_heads_per_layer", base.layers, listed);
    }

    COSTEXPR_INLINE constexpr auto layers() const {
        return costexpr::layers(times(1, base.input()),
                                times(blocks + 1, base.layer_norm()),
                                each(kv_heads, [g = attention.full_layer()](count n) {
                                    gqa one = g;
                                    one.kv_heads = n;
                                    return one;
                                }),
                                each(inner, [m = network.layer()](count n) {
                                    mlp one = m;
                                    one.inner = n;
                                    return one;
                                }),
                                times(linears, linear{base.hidden, base.hidden}),
                                times(1, base.output()));
    }

  private:
    COSTEXPR_ONCE constexpr void add_heads(auto& check, std::string_view key, count n) {
        if (n <= 0 || n > attention.heads || attention.heads % n != 0)
            check.fail(errc::not_divisible, key, n, attention.heads, "the KV heads of each of its blocks");
        else if (!add_one(kv_heads, n))
            check.fail(errc::list_too_long, key, static_cast<count>(kv_heads.capacity()));
    }
    COSTEXPR_ONCE constexpr void read_attention(auto& check, schema::document const& d, json::value const& block) {
        json::value const a = schema::member(d, block, "attention");
        if (schema::is_true(d, schema::member(d, a, "no_op"))) return;
        ++blocks;
        if (schema::is_true(d, schema::member(d, a, "replace_with_linear"))) return void(++linears);
        if (schema::member(d, a, "window_length").kind == json::kind::number)
            return check.fail(errc::wrong_type, "block_configs", 0, 0, "blocks without a window_length, as windows of single blocks are not read");
        count const sharing = schema::whole(d, schema::member(d, a, "n_heads_in_group"));
        if (sharing > 0 && attention.heads % sharing != 0)
            return check.fail(errc::not_divisible, "block_configs", sharing, attention.heads, "the n_heads_in_group of each block");
        add_heads(check, "block_configs", sharing > 0 ? attention.heads / sharing : schema::whole(d, schema::member(d, a, "num_key_value_heads")));
    }
    COSTEXPR_ONCE constexpr void read_network(auto& check, schema::document const& d, json::value const& block) {
        json::value const f = schema::member(d, block, "ffn");
        if (schema::is_true(d, schema::member(d, f, "no_op"))) return;
        ++blocks;
        if (schema::is_true(d, schema::member(d, f, "replace_with_linear"))) return void(++linears);
        count size = schema::whole(d, schema::member(d, f, "intermediate_size"));
        if (size <= 0) {
            // two thirds of a multiple of the width, rounded up to 256
            double multiple = 0;
            json::value const m = schema::member(d, f, "ffn_mult");
            if (m.kind != json::kind::number || json::to_double(m.raw(d.text), multiple) != errc::none || !(multiple > 0 && multiple < 1e6))
                return check.fail(errc::wrong_type, "block_configs", 0, 0, "blocks whose ffn has a positive ffn_mult or intermediate_size, or is a no_op");
            size = ceil_div(static_cast<count>(2 * multiple * static_cast<double>(base.hidden) / 3), 256) * 256;
        }
        if (size <= 0 || size > largest_dimension)
            return check.fail(errc::out_of_range, "block_configs", largest_dimension, size, "an inner size of 1 to # in each block");
        if (!add_one(inner, size)) check.fail(errc::list_too_long, "block_configs", static_cast<count>(inner.capacity()));
    }
};

}  // namespace costexpr

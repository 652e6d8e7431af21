// SPDX-License-Identifier: BSL-1.0
#pragma once

// costexpr: what it costs to serve a large language model.
//
//   config.json -> json/reader -> schema/read -> family (a composition of layer types) -> ops -> work -> pricing -> seconds
//
// model<"Org/Name">, read_model(text)              a model at compile time, at run time            model/
// classify                                         whether a config is read whole, what to write where   model/
// system<"h200_sxm">, read_system(text)            a device with its links                         system/
// prefill, decode, mixed, price, breakdown         seconds of a step                               cost/
// lower                                            a model laid out once, to price many steps      cost/
// fits, memory                                     bytes per device                                cost/
// longest_context, most_sequences, layouts, …      what a budget allows, exactly                   cost/
// calibrated, table_pricing, aggregated, …         measured kernels, serving: <costexpr/calibrated.hpp>, a header of its own   cost/, serve/
// speculative_decode, elasticities, explain        multi-token prediction; derivatives; formulas   cost/
// dense_decoder, moe_decoder, mla_decoder          the families; a family of your own: registry    family/, model/
// gqa, sliding_gqa, mla, mlp, moe, norm, …         the layer types                                 layer/
// gemm, attention, experts, collective, …          the ops, each with its formula                  op/

#include <costexpr/config.hpp>
#include <costexpr/version.hpp>

#include <costexpr/cost/breakdown.hpp>
#include <costexpr/cost/cost.hpp>
#include <costexpr/cost/evaluate.hpp>
#include <costexpr/cost/explain.hpp>
#include <costexpr/cost/inverse.hpp>
#include <costexpr/cost/layouts.hpp>
#include <costexpr/cost/lower.hpp>
#include <costexpr/cost/memory.hpp>
#include <costexpr/cost/roofline.hpp>
#include <costexpr/cost/sensitivity.hpp>
#include <costexpr/cost/speculation.hpp>
#include <costexpr/family/builtin.hpp>
#include <costexpr/json/reader.hpp>
#include <costexpr/model/classify.hpp>
#include <costexpr/model/model.hpp>
#include <costexpr/model/registry.hpp>
#include <costexpr/model/totals.hpp>
#include <costexpr/schema/error.hpp>
#include <costexpr/schema/read.hpp>
#include <costexpr/system/known.hpp>
#include <costexpr/system/system.hpp>

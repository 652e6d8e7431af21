// SPDX-License-Identifier: BSL-1.0
#pragma once

// Prices from measurements, sweeps, and serving: beside the umbrella header, since the constants are read only by those who want them.
//
// calibration_of("h200_sxm", "trtllm"), read_calibration(text)   constants of closed forms      cost/
// calibrated                                                    a pricing like roofline         cost/
// read_points(text), table_pricing                              a user's own measured times     cost/
// profile_of("trtllm"), read_framework(text)                    what a framework does to a step system/
// sweep(graph, groups, pricing, seconds)                        many steps at once              cost/
// uncertainty                                                   how far a step may be off       cost/
// aggregated, disaggregated                                     TTFT, TPOT and throughput       serve/

#include <costexpr/cost/calibrated.hpp>
#include <costexpr/cost/calibration.hpp>
#include <costexpr/cost/uncertainty.hpp>
#include <costexpr/cost/measurements.hpp>
#include <costexpr/cost/sweep.hpp>
#include <costexpr/cost/table.hpp>
#include <costexpr/serve/aggregated.hpp>
#include <costexpr/serve/disaggregated.hpp>
#include <costexpr/serve/steps.hpp>
#include <costexpr/system/framework.hpp>

// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/convolution_hybrid.hpp>
#include <costexpr/family/deepseek_v4.hpp>
#include <costexpr/family/dense.hpp>
#include <costexpr/family/gemma4.hpp>
#include <costexpr/family/inkling.hpp>
#include <costexpr/family/kimi_linear.hpp>
#include <costexpr/family/lightning_hybrid.hpp>
#include <costexpr/family/linear_hybrid.hpp>
#include <costexpr/family/mamba_hybrid.hpp>
#include <costexpr/family/mla.hpp>
#include <costexpr/family/moe.hpp>
#include <costexpr/family/nas.hpp>
#include <costexpr/family/nemotron_h.hpp>
#include <costexpr/family/recurrent_gemma.hpp>
#include <costexpr/family/rwkv.hpp>
#include <costexpr/family/state_space.hpp>
#include <costexpr/family/xlstm.hpp>
#include <costexpr/family/zamba.hpp>
#include <costexpr/family/zaya.hpp>

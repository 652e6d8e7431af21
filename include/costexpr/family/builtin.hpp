// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <costexpr/family/dense.hpp>
#include <costexpr/family/mla.hpp>
#include <costexpr/family/moe.hpp>

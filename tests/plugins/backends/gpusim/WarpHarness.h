// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a few instructions in one warp.
#pragma once

#include "tests/plugins/backends/gpusim/SimHarness.h"

namespace cria::gpusim {

constexpr uint32_t kLanes = 32;

using Words = std::vector<uint32_t>;

/// Runs the body in one warp with `input` in p0. It stores to p1, `outputs` words a lane, which are returned.
Words runWarp(const std::string &body, Words input, size_t outputs = 1);

/// Loads %x, the lane's word.
std::string loadWord();

/// Stores an i32 for the lane and returns.
std::string storeWord(const std::string &value);

/// One word per lane.
Words expected(uint32_t (*of)(uint32_t lane));

} // namespace cria::gpusim

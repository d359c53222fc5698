// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the package states of a program of ops: the version of the opset.
#pragma once

#include "format/Program.h"
#include "plugins/sdk/cria_opset.hpp"

namespace cria {

/// The lowest version of the opset that has every op, operand, element type and attribute of `program`, at
/// least 1. What `ops` lacks counts as version 1: the target `ops` makes no such call.
uint32_t opsetVersionOf(const Program &program, std::span<const opset::Op> ops = opset::kOps);

} // namespace cria

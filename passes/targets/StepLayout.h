// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of the step buffer: a header of 64 bytes, then the arrays of the forward contract
// (format/StepFields.h), each at a multiple of 64 bytes and as long as the limits require.
#pragma once

#include "ir/ProgramOps.h"
#include "mlir/IR/Builders.h"

namespace cria {

/// Adds `program.step @step` for these limits.
program::StepOp createStep(mlir::OpBuilder &builder, mlir::Location location, program::LimitsAttr limits);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of the step buffer: a header of 64 bytes (num_tokens, num_outputs, num_sequences), then the
// arrays of the forward contract, each at a multiple of 64 bytes and as long as the limits ask for.
#pragma once

#include "ir/ProgramOps.h"
#include "mlir/IR/Builders.h"

namespace cria {

/// Adds `program.step @step` for these limits.
program::StepOp createStep(mlir::OpBuilder &builder, mlir::Location location, program::LimitsAttr limits);

/// The name of the array that argument `index` of the forward contract is, in the order of the contract;
/// empty for the cache.
llvm::StringRef stepArrayName(unsigned index);
/// Arguments of an entry function: the arrays, then the cache.
constexpr unsigned kNumStepArrays = 7;
constexpr unsigned kNumEntryArguments = kNumStepArrays + 1;

} // namespace cria

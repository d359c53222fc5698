// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes the layout of the step buffer.

#include "passes/targets/StepLayout.h"

#include "plugins/api/kernel_abi.h"

#include "llvm/Support/MathExtras.h"

#include <cstddef>

using namespace mlir;

namespace cria {

using program::FieldAttr;

/// Kernels read the header as an array of words.
static constexpr uint64_t offsetOf(StepFieldKind kind) { return kStepElementBytes * uint64_t(kind); }
static_assert(offsetof(cria_step_header, num_tokens) == offsetOf(StepFieldKind::numTokens) &&
              offsetof(cria_step_header, num_outputs) == offsetOf(StepFieldKind::numOutputs) &&
              offsetof(cria_step_header, num_sequences) == offsetOf(StepFieldKind::numSequences));

program::StepOp createStep(OpBuilder &builder, Location location, program::LimitsAttr limits) {
  static_assert(kNumStepHeaderFields * kStepElementBytes <= program::kAlignment);
  SmallVector<Attribute> fields;
  int64_t offset = 0;
  for (const StepFieldRule &rule : kStepFields) {
    bool isHeader = rule.rows == ExtentKind::constant;
    offset = isHeader ? offset : llvm::alignTo(offset, program::kAlignment);
    int64_t length = lengthOf(rule, limitsOf(limits));
    fields.push_back(FieldAttr::get(builder.getContext(), StringRef(rule.name), offset, length));
    offset += kStepElementBytes * length;
  }
  return program::StepOp::create(builder, location, program::ProgramDialect::kStepBuffer,
                                 llvm::alignTo(offset, program::kAlignment), builder.getArrayAttr(fields));
}

} // namespace cria

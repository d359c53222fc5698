// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes the layout of the step buffer.

#include "passes/targets/StepLayout.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cria {

using program::FieldAttr;

static constexpr StringLiteral kHeaderNames[] = {"num_tokens", "num_outputs", "num_sequences"};
static constexpr StringLiteral kArrayNames[kNumStepArrays] = {
    "tokens", "positions", "sequences", "slots", "sequence_starts", "block_table", "outputs"};

StringRef stepArrayName(unsigned index) {
  return index < kNumStepArrays ? StringRef(kArrayNames[index]) : "";
}

static int64_t arrayLength(StringRef name, program::LimitsAttr limits) {
  if (name == "sequence_starts") {
    return limits.getMaxSequences() + 1;
  }
  if (name == "block_table") {
    return limits.getMaxSequences() * limits.getMaxPagesPerSequence();
  }
  return name == "outputs" ? limits.getMaxOutputs() : limits.getMaxTokens();
}

program::StepOp createStep(OpBuilder &builder, Location location, program::LimitsAttr limits) {
  SmallVector<Attribute> fields;
  for (auto [index, name] : llvm::enumerate(kHeaderNames)) {
    fields.push_back(FieldAttr::get(builder.getContext(), name, 4 * index, 1));
  }
  int64_t offset = program::kAlignment;
  for (StringRef name : kArrayNames) {
    int64_t length = arrayLength(name, limits);
    fields.push_back(FieldAttr::get(builder.getContext(), name, offset, length));
    offset = llvm::alignTo(offset + 4 * length, program::kAlignment);
  }
  return program::StepOp::create(builder, location, program::ProgramDialect::kStepBuffer, offset,
                                 builder.getArrayAttr(fields));
}

} // namespace cria

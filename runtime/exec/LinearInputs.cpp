// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/LinearInputs.h"

#include <algorithm>

namespace cria {
namespace {

const ProgramBinding *findBinding(const ProgramDispatch &dispatch, std::string_view name) {
  const auto found = std::ranges::find(dispatch.bindings, name, &ProgramBinding::name);
  return found == dispatch.bindings.end() ? nullptr : &*found;
}

/// The matrix that a dispatch multiplies with its input; null if it is no linear layer.
const ProgramWeight *matrixOf(const Program &program, const ProgramDispatch &dispatch) {
  const ProgramBinding *weight = findBinding(dispatch, "weight");
  if (weight == nullptr || weight->buffer.space != BufferSpace::weight ||
      findBinding(dispatch, "input") == nullptr) {
    return nullptr;
  }
  const ProgramWeight &found = program.weights[weight->buffer.index];
  return found.shape.size() == 2 ? &found : nullptr;
}

bool hasEmptyGrid(const ProgramDispatch &dispatch, const CommandBuffer &step) {
  return std::ranges::any_of(dispatch.grid, [&](const GridDimension &dimension) {
    return resolveGrid(dimension, step.numTokens, step.numOutputs) == 0;
  });
}

/// The number of rows of an input, without padding rows; nullopt if they are not rows of a step.
std::optional<uint64_t> rowsOf(const Extent &extent, const CommandBuffer &step, size_t numRows) {
  switch (extent.kind) {
  case ExtentKind::tokens:
    return extent.times == 1 && extent.tile == 1 ? std::optional<uint64_t>(numRows) : std::nullopt;
  case ExtentKind::outputs:
    return extent.times == 1 && extent.tile == 1 ? std::optional<uint64_t>(step.numOutputs) : std::nullopt;
  case ExtentKind::constant:
    return step.numTokens == 1 && extent.value == 1 ? std::optional<uint64_t>(1) : std::nullopt;
  case ExtentKind::sequences:
  case ExtentKind::sequencesPlusOne:
  case ExtentKind::pages:
    break;
  }
  return std::nullopt;
}

} // namespace

Status LinearInputs::run(const CommandBuffer &step, size_t numRows, const LinearObserver &observer,
                         const int32_t *cancelled) const {
  const std::vector<ProgramDispatch> &dispatches = step.entry->dispatches;
  size_t first = 0; // of the next part
  for (size_t i = 0; i <= dispatches.size(); ++i) {
    if (i < dispatches.size() && matrixOf(program_, dispatches[i]) == nullptr) {
      continue;
    }
    CRIA_ASSIGN_OR_RETURN(const CommandBuffer part, commandBuffers_.makePart(step, first, i));
    CRIA_RETURN_IF_ERROR(device_.replay(part.handle, cancelled));
    CRIA_RETURN_IF_ERROR(device_.finish()); // before the part is destroyed
    if (i < dispatches.size() && !hasEmptyGrid(dispatches[i], step)) {
      CRIA_RETURN_IF_ERROR(observe(step, dispatches[i], numRows, observer));
    }
    first = i;
  }
  return {};
}

Status LinearInputs::observe(const CommandBuffer &step, const ProgramDispatch &dispatch, size_t numRows,
                             const LinearObserver &observer) const {
  const ProgramWeight &weight = *matrixOf(program_, dispatch);
  const ProgramBinding &input = *findBinding(dispatch, "input");
  const bool isMatrix = input.shape.size() == 2 && input.type == ElementType::f32 &&
                        input.shape[1] == Extent{.value = weight.shape[1]} && input.strides[1] == 1;
  const std::optional<uint64_t> rows = isMatrix ? rowsOf(input.shape[0], step, numRows) : std::nullopt;
  const bool isInArena = input.buffer.space == BufferSpace::buffer &&
                         program_.buffers[input.buffer.index].kind == BufferKind::arena;
  if (!rows || !isInArena || findBinding(dispatch, "norm_weight") != nullptr) {
    return error(StatusCode::unsupported,
                 "target {}: the input of '{}' is not in memory as f32 rows; use a package for target cpu "
                 "with weights in f32, f16 or bf16",
                 program_.target, printable(weight.name));
  }
  CRIA_ASSIGN_OR_RETURN(const std::vector<float> values, readRows(input, *rows));
  return observer({.weight = weight.name, .columns = weight.shape[1], .values = values});
}

StatusOr<std::vector<float>> LinearInputs::readRows(const ProgramBinding &binding, uint64_t rows) const {
  if (rows == 0) {
    return std::vector<float>();
  }
  const uint64_t columns = binding.shape[1].value, stride = binding.strides[0];
  const uint64_t offset = program_.buffers[binding.buffer.index].offset + binding.offset;
  std::vector<float> values((rows - 1) * stride + columns);
  CRIA_RETURN_IF_ERROR(
      device_.download(memory_.arena(), offset, values.data(), values.size() * sizeof(float)));
  CRIA_RETURN_IF_ERROR(device_.finish());
  for (uint64_t row = 1; row < rows && stride != columns; ++row) {
    std::copy_n(values.begin() + std::ptrdiff_t(row * stride), columns,
                values.begin() + std::ptrdiff_t(row * columns));
  }
  values.resize(rows * columns);
  return values;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/DispatchBytes.h"

#include <algorithm>
#include <bit>

namespace cria {
namespace {

class OperandBytes {
public:
  OperandBytes(const Program &program, const CommandBuffer &step, const StepPositions &positions)
      : program_(program), step_(step), positions_(positions) {}

  DispatchBytes of(const ProgramDispatch &dispatch) const {
    DispatchBytes bytes;
    for (const ProgramBinding &binding : dispatch.bindings) {
      const bool isRead = (binding.access & CRIA_ACCESS_READ) != 0;
      const bool isWritten = (binding.access & CRIA_ACCESS_WRITE) != 0;
      bytes.read += isRead ? readBytes(dispatch, binding) : 0;
      bytes.written += isWritten ? writtenBytes(binding) : 0;
    }
    return bytes;
  }

private:
  uint64_t readBytes(const ProgramDispatch &dispatch, const ProgramBinding &binding) const {
    if (binding.buffer.space == BufferSpace::kv) {
      return cacheBytes(binding, positions_.cached);
    }
    if (binding.name == "table" || binding.name.starts_with("table.")) {
      const uint64_t rows = dimension(binding.shape.front());
      return rows == 0 ? 0 : bytesOfAll(binding) / rows * std::min(rows, resultRows(dispatch));
    }
    return bytesOfUsed(binding);
  }
  uint64_t writtenBytes(const ProgramBinding &binding) const {
    return binding.buffer.space == BufferSpace::kv ? cacheBytes(binding, step_.numTokens)
                                                   : bytesOfUsed(binding);
  }

  uint64_t bytesOfUsed(const ProgramBinding &binding) const {
    constexpr size_t kSegments = 2; // the dimension
    const uint64_t all = bytesOfAll(binding);
    if (binding.name != "partial" || binding.shape.size() <= kSegments || all == 0) {
      return all;
    }
    const uint64_t segments = dimension(binding.shape[kSegments]);
    return all / (dimension(binding.shape.front()) * segments) * usedSegments(segments);
  }
  /// Those of all rows, of `segments` that cover the context.
  uint64_t usedSegments(uint64_t segments) const {
    const uint64_t length = std::bit_ceil((program_.limits.context + segments - 1) / segments);
    uint64_t used = 0;
    for (const uint64_t attended : positions_.attended) {
      used += (attended + length - 1) / length;
    }
    return used;
  }
  uint64_t bytesOfAll(const ProgramBinding &binding) const {
    uint64_t bytes = sizeOf(binding.type);
    for (const Extent &extent : binding.shape) {
      bytes *= dimension(extent);
    }
    return bytes;
  }
  /// The first dimension of the cache is that of the pages.
  uint64_t cacheBytes(const ProgramBinding &binding, uint64_t positions) const {
    uint64_t pageBytes = sizeOf(binding.type);
    for (size_t i = 1; i < binding.shape.size(); ++i) {
      pageBytes *= dimension(binding.shape[i]);
    }
    return positions * pageBytes / program_.kv.pageTokens;
  }

  uint64_t resultRows(const ProgramDispatch &dispatch) const {
    uint64_t rows = 0;
    for (const ProgramBinding &binding : dispatch.bindings) {
      const bool isResult =
          (binding.access & CRIA_ACCESS_WRITE) != 0 && binding.buffer.space == BufferSpace::buffer;
      rows = isResult && !binding.shape.empty() ? std::max(rows, dimension(binding.shape.front())) : rows;
    }
    return rows;
  }
  /// A step states fewer sequences than the limit of the program.
  uint64_t dimension(const Extent &extent) const {
    if (extent.kind == ExtentKind::sequences) {
      return positions_.sequences;
    }
    if (extent.kind == ExtentKind::sequencesPlusOne) {
      return positions_.sequences + 1;
    }
    return resolveExtent(extent, program_.limits, step_.numTokens, step_.numOutputs, 0);
  }

  const Program &program_;
  const CommandBuffer &step_;
  const StepPositions &positions_;
};

} // namespace

void StepPositions::set(const Batch &batch) {
  sequences = batch.sequenceStarts.size() - 1;
  cached = 0;
  attended.clear();
  for (size_t s = 0; s + 1 < batch.sequenceStarts.size(); ++s) {
    const auto begin = static_cast<size_t>(batch.sequenceStarts[s]),
               end = static_cast<size_t>(batch.sequenceStarts[s + 1]);
    for (size_t row = begin; row < end; ++row) {
      attended.push_back(static_cast<uint64_t>(batch.positions[row]) + 1);
    }
    cached += end > begin ? static_cast<uint64_t>(batch.positions[end - 1]) + 1 : 0;
  }
}

DispatchBytes bytesOf(const Program &program, const CommandBuffer &step, const StepPositions &positions,
                      const ProgramDispatch &dispatch) {
  return OperandBytes(program, step, positions).of(dispatch);
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of a parsed program.
#include "format/Program.h"

#include <algorithm>

namespace cria {

const ProgramEntry *Program::findEntry(std::string_view name) const {
  auto entry =
      std::find_if(entries.begin(), entries.end(), [&](const ProgramEntry &e) { return e.name == name; });
  return entry == entries.end() ? nullptr : &*entry;
}

const ProgramBuffer &Program::result() const {
  return *std::find_if(buffers.begin(), buffers.end(),
                       [](const ProgramBuffer &buffer) { return buffer.kind == BufferKind::result; });
}

uint64_t Program::arenaBytes() const {
  uint64_t end = 0;
  for (const ProgramBuffer &buffer : buffers) {
    if (buffer.kind == BufferKind::arena) {
      end = std::max(end, buffer.offset + buffer.size);
    }
  }
  return end;
}

uint64_t Program::weightBytes() const {
  uint64_t bytes = 0;
  for (const ProgramWeight &weight : weights) {
    bytes += weight.size();
  }
  return bytes;
}

uint64_t ProgramWeight::size() const {
  uint64_t bytes = 0;
  for (const ProgramWeightArray &array : arrays) {
    bytes += array.size;
  }
  return bytes;
}

std::vector<ProgramWeightArray> programArraysOf(WeightFormat format, PhysicalLayout::Kind layout,
                                                std::span<const int64_t> shape, std::string_view name) {
  std::vector<ProgramWeightArray> arrays;
  for (const WeightArray &array : arraysOf(format, layout, shape)) {
    arrays.push_back({.suffix = std::string(array.suffix),
                      .type = array.type,
                      .shape = {array.shape.begin(), array.shape.end()},
                      .size = array.size,
                      .tensor = name.empty() ? "" : arrayName(name, array.suffix)});
  }
  return arrays;
}

static uint64_t tiled(uint64_t times, uint64_t n, uint64_t tile) { return times * ((n + tile - 1) / tile); }

uint64_t resolveExtent(const Extent &extent, const ProgramLimits &limits, uint64_t tokens, uint64_t outputs,
                       uint64_t pages) {
  switch (extent.kind) {
  case ExtentKind::tokens:
    return tiled(extent.times, tokens, extent.tile);
  case ExtentKind::outputs:
    return tiled(extent.times, outputs, extent.tile);
  case ExtentKind::sequences:
    return limits.maxSequences;
  case ExtentKind::sequencesPlusOne:
    return uint64_t(limits.maxSequences) + 1;
  case ExtentKind::pages:
    return pages;
  case ExtentKind::constant:
    break;
  }
  return extent.value;
}

uint64_t resolveGrid(const GridDimension &dimension, uint64_t tokens, uint64_t outputs) {
  switch (dimension.of) {
  case ExtentKind::constant:
    return tiled(dimension.times, 1, dimension.tile);
  case ExtentKind::tokens:
    return tiled(dimension.times, tokens, dimension.tile);
  case ExtentKind::outputs:
    return tiled(dimension.times, outputs, dimension.tile);
  case ExtentKind::sequences:
  case ExtentKind::sequencesPlusOne:
  case ExtentKind::pages:
    break;
  }
  __builtin_unreachable(); // no grid has such a dimension
}

} // namespace cria

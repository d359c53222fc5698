// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/DispatchTimes.h"

#include <algorithm>
#include <charconv>

namespace cria {
namespace {

/// The N of a weight `layers.N.…`.
std::optional<uint32_t> layerOfName(std::string_view name) {
  constexpr std::string_view kPrefix = "layers.";
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  name.remove_prefix(kPrefix.size());
  uint32_t layer = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), layer);
  return problem == std::errc() ? std::optional(layer) : std::nullopt;
}

std::optional<uint32_t> layerOfWeights(const Program &program, const ProgramDispatch &dispatch) {
  for (const ProgramBinding &binding : dispatch.bindings) {
    if (binding.buffer.space == BufferSpace::weight) {
      if (const auto layer = layerOfName(program.weights[binding.buffer.index].name)) {
        return layer;
      }
    }
  }
  return std::nullopt;
}

std::array<uint32_t, 3> gridOf(const ProgramDispatch &dispatch, const CommandBuffer &step) {
  std::array<uint32_t, 3> grid = {};
  for (size_t i = 0; i < grid.size(); ++i) {
    grid[i] = static_cast<uint32_t>(resolveGrid(dispatch.grid[i], step.numTokens, step.numOutputs));
  }
  return grid;
}

/// Fills in the layers of dispatches between two that state theirs.
void completeLayers(std::vector<DispatchTime> &times) {
  const auto hasLayer = [](const DispatchTime &time) { return time.layer.has_value(); };
  const auto end = std::find_if(times.rbegin(), times.rend(), hasLayer).base();
  std::optional<uint32_t> layer;
  for (auto time = times.begin(); time != end; ++time) {
    layer = time->layer ? time->layer : layer;
    time->layer = layer;
  }
}

} // namespace

std::vector<DispatchTime> dispatchTimes(const Program &program, const CommandBuffer &step,
                                        const StepPositions &positions,
                                        std::span<const uint64_t> nanoseconds) {
  std::vector<DispatchTime> times;
  for (size_t i = 0; i < step.dispatches.size(); ++i) {
    const ProgramDispatch &dispatch = step.entry->dispatches[step.dispatches[i]];
    const DispatchBytes bytes = bytesOf(program, step, positions, dispatch);
    times.push_back({.kernel = program.kernels[dispatch.kernel].name,
                     .index = step.dispatches[i],
                     .layer = layerOfWeights(program, dispatch),
                     .grid = gridOf(dispatch, step),
                     .nanoseconds = nanoseconds[i],
                     .bytesRead = bytes.read,
                     .bytesWritten = bytes.written});
  }
  completeLayers(times);
  return times;
}

} // namespace cria

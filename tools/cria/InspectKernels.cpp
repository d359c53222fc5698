// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "InspectKernels.h"

#include "tools/terminal/Terminal.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <map>

namespace cria::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The dispatches of a kernel.
struct KernelDispatches {
  std::map<std::string, uint32_t> counts;             // by entry point
  const std::array<GridDimension, 3> *grid = nullptr; // of a dispatch for any number of rows, if there is one
};

bool dependsOnStep(const std::array<GridDimension, 3> &grid) {
  return std::any_of(grid.begin(), grid.end(),
                     [](const GridDimension &d) { return d.of != ExtentKind::constant; });
}

/// By kernel.
std::vector<KernelDispatches> dispatchesOf(const Program &program) {
  std::vector<KernelDispatches> all(program.kernels.size());
  for (const ProgramEntry &entry : program.entries) {
    for (const ProgramDispatch &dispatch : entry.dispatches) {
      KernelDispatches &found = all[dispatch.kernel];
      ++found.counts[entry.name];
      const bool isGeneral =
          found.grid != nullptr && dependsOnStep(*found.grid) && !dependsOnStep(dispatch.grid);
      found.grid = isGeneral ? found.grid : &dispatch.grid;
    }
  }
  return all;
}

/// "1536", "T", "ceil(T/128)", "2·R".
std::string textOf(const GridDimension &dimension) {
  if (dimension.of == ExtentKind::constant) {
    return std::to_string(dimension.times);
  }
  const std::string rows(symbolOf(dimension.of));
  const std::string tiles = dimension.tile == 1 ? rows : fmt::format("ceil({}/{})", rows, dimension.tile);
  return dimension.times == 1 ? tiles : fmt::format("{}·{}", dimension.times, tiles);
}

std::vector<std::string> gridOf(const KernelDispatches &dispatches) {
  std::vector<std::string> grid;
  for (size_t d = 0; dispatches.grid != nullptr && d < dispatches.grid->size(); ++d) {
    grid.push_back(textOf((*dispatches.grid)[d]));
  }
  return grid;
}

std::string launchText(const ProgramKernel &kernel, const KernelDispatches &dispatches) {
  std::string text =
      fmt::format(", grid {}, block {}", fmt::join(gridOf(dispatches), "×"), fmt::join(kernel.block, "×"));
  return text + (kernel.registers > 0 ? fmt::format(", {} registers", kernel.registers) : "");
}

std::string kernelText(const ProgramKernel &kernel, const KernelDispatches &dispatches) {
  const bool isOnGpu = kernel.block[0] > 0;
  std::string line = fmt::format("    {:<52}", kernel.name);
  for (const auto &[entry, count] : dispatches.counts) {
    line += fmt::format(" {} ×{}", entry, count);
  }
  line += isOnGpu ? launchText(kernel, dispatches) : "";
  if (kernel.scratchBytes > 0) {
    line += fmt::format(", {} {}", isOnGpu ? "shared memory" : "scratch", formatBytes(kernel.scratchBytes));
  }
  return line + "\n";
}

Json kernelJson(const ProgramKernel &kernel, const KernelDispatches &dispatches) {
  Json json = {{"name", kernel.name}, {"op", kernel.op}, {"scratch_bytes", kernel.scratchBytes}};
  if (kernel.block[0] > 0) {
    json["grid"] = gridOf(dispatches);
    json["block"] = kernel.block;
    json["registers"] = kernel.registers > 0 ? Json(kernel.registers) : Json(nullptr);
  }
  return json;
}

} // namespace

std::string kernelsText(const Program &program) {
  const std::vector<KernelDispatches> dispatches = dispatchesOf(program);
  std::string text = fmt::format("  kernels {}\n", program.kernels.size());
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    text += kernelText(program.kernels[i], dispatches[i]);
  }
  return text;
}

Json kernelsJson(const Program &program) {
  const std::vector<KernelDispatches> dispatches = dispatchesOf(program);
  Json kernels = Json::array();
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    kernels.push_back(kernelJson(program.kernels[i], dispatches[i]));
  }
  return kernels;
}

} // namespace cria::cli

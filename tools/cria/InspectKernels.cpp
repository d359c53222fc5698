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
struct KernelUse {
  std::map<std::string, uint32_t> dispatches;         // by entry point
  const std::array<GridDimension, 3> *grid = nullptr; // of a dispatch for any number of rows, if there is one
};

bool dependsOnStep(const std::array<GridDimension, 3> &grid) {
  return std::any_of(grid.begin(), grid.end(), [](const GridDimension &d) { return d.of != GridOf::one; });
}

std::vector<KernelUse> usesOf(const Program &program) {
  std::vector<KernelUse> uses(program.kernels.size());
  for (const ProgramEntry &entry : program.entries) {
    for (const ProgramDispatch &dispatch : entry.dispatches) {
      KernelUse &use = uses[dispatch.kernel];
      ++use.dispatches[entry.name];
      const bool isGeneral = use.grid != nullptr && dependsOnStep(*use.grid) && !dependsOnStep(dispatch.grid);
      use.grid = isGeneral ? use.grid : &dispatch.grid;
    }
  }
  return uses;
}

// "1536", "T", "ceil(T/128)", "2·R".
std::string textOf(const GridDimension &dimension) {
  if (dimension.of == GridOf::one) {
    return std::to_string(dimension.times);
  }
  const std::string rows = dimension.of == GridOf::tokens ? "T" : "R";
  const std::string tiles = dimension.tile == 1 ? rows : fmt::format("ceil({}/{})", rows, dimension.tile);
  return dimension.times == 1 ? tiles : fmt::format("{}·{}", dimension.times, tiles);
}

std::vector<std::string> gridOf(const KernelUse &use) {
  std::vector<std::string> grid;
  for (size_t d = 0; use.grid != nullptr && d < use.grid->size(); ++d) {
    grid.push_back(textOf((*use.grid)[d]));
  }
  return grid;
}

std::string launchText(const ProgramKernel &kernel, const KernelUse &use) {
  std::string text =
      fmt::format(", grid {}, block {}", fmt::join(gridOf(use), "×"), fmt::join(kernel.block, "×"));
  return text + (kernel.registers > 0 ? fmt::format(", {} registers", kernel.registers) : "");
}

std::string kernelText(const ProgramKernel &kernel, const KernelUse &use) {
  const bool isOnGpu = kernel.block[0] > 0;
  std::string line = fmt::format("    {:<52}", kernel.name);
  for (const auto &[entry, count] : use.dispatches) {
    line += fmt::format(" {} ×{}", entry, count);
  }
  line += isOnGpu ? launchText(kernel, use) : "";
  if (kernel.scratchBytes > 0) {
    line += fmt::format(", {} {}", isOnGpu ? "shared memory" : "scratch", formatBytes(kernel.scratchBytes));
  }
  return line + "\n";
}

Json kernelJson(const ProgramKernel &kernel, const KernelUse &use) {
  Json json = {{"name", kernel.name}, {"op", kernel.op}, {"scratch_bytes", kernel.scratchBytes}};
  if (kernel.block[0] > 0) {
    json["grid"] = gridOf(use);
    json["block"] = kernel.block;
    json["registers"] = kernel.registers > 0 ? Json(kernel.registers) : Json(nullptr);
  }
  return json;
}

} // namespace

std::string kernelsText(const Program &program) {
  const std::vector<KernelUse> uses = usesOf(program);
  std::string text = fmt::format("  kernels {}\n", program.kernels.size());
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    text += kernelText(program.kernels[i], uses[i]);
  }
  return text;
}

Json kernelsJson(const Program &program) {
  const std::vector<KernelUse> uses = usesOf(program);
  Json kernels = Json::array();
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    kernels.push_back(kernelJson(program.kernels[i], uses[i]));
  }
  return kernels;
}

} // namespace cria::cli

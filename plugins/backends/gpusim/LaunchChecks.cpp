// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Limits are those in the table of compute capabilities in the CUDA C++ Programming Guide.
#include "plugins/backends/gpusim/LaunchChecks.h"

#include <algorithm>
#include <array>

namespace cria::gpusim {

namespace {

using plugin::invalid;

/// Maximum shared memory per block.
constexpr uint64_t kKiB = 1024;
constexpr Architecture kArchitectures[] = {
    {"sm_80", 163 * kKiB}, {"sm_86", 99 * kKiB}, {"sm_89", 99 * kKiB}, {"sm_90", 227 * kKiB}};
constexpr std::array<uint32_t, 3> kMaxGrid = {INT32_MAX, 65535, 65535};
constexpr std::array<uint32_t, 3> kMaxBlock = {1024, 1024, 64};
constexpr uint64_t kMaxThreads = 1024;

std::string dimensionsText(const uint32_t *dimensions) {
  return std::to_string(dimensions[0]) + "x" + std::to_string(dimensions[1]) + "x" +
         std::to_string(dimensions[2]);
}

Check checkDimensions(const char *what, const uint32_t *dimensions, const std::array<uint32_t, 3> &limits) {
  for (size_t d = 0; d < limits.size(); ++d) {
    if (dimensions[d] == 0 || dimensions[d] > limits[d]) {
      return invalid("expected a " + std::string(what) + " of 1x1x1 to " + dimensionsText(limits.data()) +
                     ", got " + dimensionsText(dimensions));
    }
  }
  return {};
}

Check checkBlock(const cria_entry &entry, const KernelInfo &kernel) {
  if (Check check = checkDimensions("block", entry.block, kMaxBlock); check.failed()) {
    return check;
  }
  if (uint64_t{entry.block[0]} * entry.block[1] * entry.block[2] > kMaxThreads) {
    return invalid("expected a block of at most 1024 threads, got " + dimensionsText(entry.block));
  }
  const bool stated = kernel.maxThreads[0] != 0;
  return !stated || std::equal(entry.block, entry.block + 3, kernel.maxThreads)
             ? Check{}
             : invalid("expected a block of " + dimensionsText(kernel.maxThreads) + " for this kernel, got " +
                       dimensionsText(entry.block));
}

Check checkShared(const cria_entry &entry, const KernelInfo &kernel, const Architecture &architecture) {
  if (kernel.staticSharedBytes != 0) {
    return invalid("kernel has " + std::to_string(kernel.staticSharedBytes) +
                   " bytes of static shared memory; the kernel ABI allows only dynamic shared memory");
  }
  return entry.scratch_bytes <= architecture.maxSharedBytes
             ? Check{}
             : invalid("expected at most " + std::to_string(architecture.maxSharedBytes) +
                       " bytes of shared memory per block on " + std::string(architecture.name) + ", got " +
                       std::to_string(entry.scratch_bytes));
}

} // namespace

Check checkLaunch(const cria_entry &entry, const KernelInfo &kernel, const Architecture &architecture) {
  for (Check check : {checkDimensions("grid", entry.grid, kMaxGrid), checkBlock(entry, kernel),
                      checkShared(entry, kernel, architecture)}) {
    if (check.failed()) {
      return check;
    }
  }
  return {};
}

const Architecture *findArchitecture(std::string_view name) {
  const auto *found = std::find_if(std::begin(kArchitectures), std::end(kArchitectures),
                                   [&](const Architecture &known) { return known.name == name; });
  return found != std::end(kArchitectures) ? found : nullptr;
}

} // namespace cria::gpusim

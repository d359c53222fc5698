// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/KernelSummary.h"

#include "tools/cria-device-check/Occupancy.h"

#include <algorithm>
#include <fmt/format.h>

namespace cria::check {
namespace {

using nlohmann::ordered_json;

std::optional<uint64_t> countIn(const ordered_json &object, const char *name) {
  const bool isCount = object.is_object() && object.contains(name) && object.at(name).is_number_unsigned();
  return isCount ? std::optional(object.at(name).get<uint64_t>()) : std::nullopt;
}

SmLimits limitsIn(const ordered_json &machine) {
  return {.registers = countIn(machine, "registers_per_sm"),
          .threads = countIn(machine, "threads_per_sm"),
          .sharedBytes = countIn(machine, "shared_bytes_per_sm"),
          .blocks = countIn(machine, "blocks_per_sm"),
          .reservedSharedBytesPerBlock = countIn(machine, "reserved_shared_bytes_per_block")};
}

KernelResources resourcesIn(const ordered_json &kernel) {
  return {.registersPerThread = countIn(kernel, "registers"),
          .threadsPerBlock = countIn(kernel, "threads_per_block"),
          .sharedBytesPerBlock = countIn(kernel, "shared_bytes_per_block")};
}

bool hasKernels(const ordered_json &row) {
  const auto isObject = [](const ordered_json &kernel) { return kernel.is_object(); };
  return row.is_object() && row.contains("kernels") && row.at("kernels").is_array() &&
         std::all_of(row.at("kernels").begin(), row.at("kernels").end(), isObject);
}

void addToKernels(const SmLimits &limits, ordered_json &row) {
  if (!hasKernels(row)) {
    return;
  }
  for (ordered_json &kernel : row.at("kernels")) {
    if (!countIn(kernel, "resident_blocks_per_sm")) {
      const std::optional<uint64_t> blocks = residentBlocksPerSm(resourcesIn(kernel), limits);
      kernel["resident_blocks_per_sm"] = blocks ? ordered_json(*blocks) : ordered_json(nullptr);
    }
  }
}

std::string countText(const ordered_json &kernel, const char *name) {
  const std::optional<uint64_t> count = countIn(kernel, name);
  return count ? std::to_string(*count) : "—";
}

std::string kernelLine(const ordered_json &kernel) {
  const double rate = kernel.value("gigabytes_per_second", 0.0);
  return fmt::format("  {:<58} {:>10} {:>9.2f} {:>8} {:>9} {:>9} {:>6.1f}%\n", kernel.value("name", ""),
                     countText(kernel, "dispatches"), kernel.value("microseconds_per_dispatch", 0.0),
                     rate > 0 ? fmt::format("{:.1f}", rate) : "—", countText(kernel, "registers"),
                     countText(kernel, "resident_blocks_per_sm"), kernel.value("share", 0.0) * 100);
}

std::string kernelTable(const std::string &line, const ordered_json &row) {
  const std::string phase = row.value("phase", "");
  std::string text =
      fmt::format("\nkernels of one step, line {}: {}, context {}, batch {}\n", line,
                  phase == "prefill" ? fmt::format("prefill of {} tokens", row.value("tokens", 0)) : phase,
                  row.value("context", 0), row.value("batch", 0));
  text += fmt::format("  {:<58} {:>10} {:>9} {:>8} {:>9} {:>9} {:>7}\n", "kernel", "dispatches", "µs each",
                      "GB/s", "registers", "blocks/SM", "share");
  for (const ordered_json &kernel : row.at("kernels")) {
    text += kernelLine(kernel);
  }
  return text;
}

} // namespace

void addResidentBlocks(const ordered_json &machine, ordered_json &result) {
  const SmLimits limits = limitsIn(machine);
  if (result.is_array()) {
    for (ordered_json &row : result) {
      addToKernels(limits, row);
    }
  }
}

std::string kernelTables(const ordered_json &summary) {
  std::string text;
  for (const ordered_json &line : summary.at("lines")) {
    const ordered_json &result = line.at("result");
    for (const ordered_json &row : result.is_array() ? result : ordered_json::array()) {
      text += hasKernels(row) ? kernelTable(line.at("name"), row) : "";
    }
  }
  return text;
}

} // namespace cria::check

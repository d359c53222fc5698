// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "KernelReport.h"

#include "ProfileReport.h"

#include <algorithm>

namespace cria::cli {
namespace {

using nlohmann::ordered_json;

double microsecondsOf(const ProfileRow &row) { return static_cast<double>(row.nanoseconds) / 1e3; }

double shareOf(const ProfileRow &row, const StepKernels &step) {
  return step.seconds == 0 ? 0 : static_cast<double>(row.nanoseconds) / 1e9 / step.seconds;
}

const ProgramKernel *findKernel(const Program &program, const std::string &name) {
  const auto found = std::find_if(program.kernels.begin(), program.kernels.end(),
                                  [&](const ProgramKernel &candidate) { return candidate.name == name; });
  return found == program.kernels.end() ? nullptr : &*found;
}

/// The value of a kernel on a GPU; null if it is unknown or the target has no such value.
ordered_json numberOrNull(uint64_t value) { return value == 0 ? ordered_json(nullptr) : ordered_json(value); }

/// What the driver states, else what the package does: PTX has no number.
uint32_t registersOf(const Program &program, const ProfileRow &row) {
  const ProgramKernel *kernel = findKernel(program, row.name);
  return row.registers != 0 || kernel == nullptr ? row.registers : kernel->registers;
}

uint64_t threadsOf(const Program &program, const ProfileRow &row) {
  const ProgramKernel *kernel = findKernel(program, row.name);
  return kernel == nullptr ? 0 : uint64_t(kernel->block[0]) * kernel->block[1] * kernel->block[2];
}

/// The dynamic shared memory of a block; null on the CPU. Our kernels have no static shared memory.
ordered_json sharedBytesOf(const Program &program, const ProfileRow &row) {
  const ProgramKernel *kernel = findKernel(program, row.name);
  return threadsOf(program, row) == 0 ? ordered_json(nullptr) : ordered_json(kernel->scratchBytes);
}

std::string tableLine(const Program &program, const ProfileRow &row, const StepKernels &step) {
  const uint32_t registers = registersOf(program, row);
  return fmt::format("  {:<58} {:>10} {:>10.2f} {:>8} {:>9} {:>6.1f}%\n", row.name, row.calls,
                     microsecondsOf(row) / static_cast<double>(row.calls),
                     row.bytes() == 0 ? "—" : fmt::format("{:.1f}", gigabytesPerSecond(row)),
                     registers == 0 ? "—" : std::to_string(registers), shareOf(row, step) * 100);
}

} // namespace

std::string kernelTable(const Program &program, const BenchRow &row) {
  if (!row.step) {
    return {};
  }
  std::string text = fmt::format("\n{} of {} tokens, context {}, batch {}: kernels of one step\n", row.phase,
                                 row.tokens, row.context, row.batch);
  text += fmt::format("  {:<58} {:>10} {:>10} {:>8} {:>9} {:>7}\n", "kernel", "dispatches", "µs each", "GB/s",
                      "registers", "share");
  double microseconds = 0;
  for (const ProfileRow &kernel : row.step->kernels) {
    text += tableLine(program, kernel, *row.step);
    microseconds += microsecondsOf(kernel);
  }
  text += fmt::format("  all kernels, each alone: {:.1f} µs; the step: {:.1f} µs\n", microseconds,
                      row.step->seconds * 1e6);
  return text;
}

void addKernels(const Program &program, const BenchRow &row, ordered_json &json) {
  if (!row.step) {
    return;
  }
  auto kernels = ordered_json::array();
  for (const ProfileRow &kernel : row.step->kernels) {
    kernels.push_back(
        {{"name", kernel.name},
         {"entry", kernel.entry},
         {"dispatches", kernel.calls},
         {"microseconds", microsecondsOf(kernel)},
         {"microseconds_per_dispatch", microsecondsOf(kernel) / static_cast<double>(kernel.calls)},
         {"bytes", kernel.bytes()},
         {"gigabytes_per_second", gigabytesPerSecond(kernel)},
         {"share", shareOf(kernel, *row.step)},
         {"registers", numberOrNull(registersOf(program, kernel))},
         {"threads_per_block", numberOrNull(threadsOf(program, kernel))},
         {"shared_bytes_per_block", sharedBytesOf(program, kernel)},
         {"resident_blocks_per_sm", numberOrNull(kernel.residentBlocks)}});
  }
  json["step_microseconds"] = row.step->seconds * 1e6;
  json["kernels"] = std::move(kernels);
}

} // namespace cria::cli

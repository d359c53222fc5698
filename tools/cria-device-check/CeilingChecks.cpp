// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The section `ceilings`: what the device can do, to hold the speed of our kernels against.
#include "tools/cria-device-check/CeilingKernels.h"
#include "tools/cria-device-check/CeilingRunner.h"
#include "tools/cria-device-check/Checks.h"
#include "tools/cria-device-check/LaunchGap.h"
#include "tools/cria-device-check/MachineReport.h"

#include <algorithm>
#include <fmt/format.h>

namespace cria::check {
namespace {

constexpr double kUnitsPerGiga = 1e9, kUnitsPerTera = 1e12, kNanosPerSecond = 1e9, kMicrosPerSecond = 1e6;
constexpr uint64_t kBytesPerKb = 1024;

/// 8, 16, 32, 64 and 128 KB in flight per SM.
constexpr ReadShape kReadShapes[] = {{1, 2}, {1, 4}, {2, 4}, {4, 4}, {4, 8}};

struct CeilingCode {
  uint32_t score = 0;
  std::string target;
  conformance::CompiledProgram program;
};

/// Returns the code that the device runs, the best first.
std::vector<CeilingCode> codeFor(const CheckOptions &options) {
  std::vector<CeilingCode> found;
  forEachProgram(
      options, options.data / kCeilingFolder,
      [&](const std::string &, const std::string &target, const conformance::CompiledProgram &program) {
        found.push_back(
            {scoreOn(options, program.format, program.features, program.abiVersion), target, program});
      });
  std::stable_sort(found.begin(), found.end(),
                   [](const CeilingCode &a, const CeilingCode &b) { return a.score > b.score; });
  return found;
}

CeilingSizes sizesFor(const CheckOptions &options) {
  const DeviceFacts facts = deviceFacts(options.backend, options.device);
  return facts.numSms && !options.smallCeilings
             ? CeilingSizes::ofDevice(static_cast<uint32_t>(*facts.numSms), facts.l2Bytes)
             : CeilingSizes::small();
}

/// The rows of one code on one device.
class CeilingRows {
public:
  CeilingRows(const CheckOptions &options, const CeilingCode &code, Report &report)
      : options_(options), code_(code), report_(report), sizes_(sizesFor(options)),
        runner_(options.backend, options.device, code.program, sizes_) {}

  /// Reading comes first, because the chains of the latencies change the memory.
  void add() {
    for (const ReadShape &shape : kReadShapes) {
      addRow(fmt::format("read-{}k", shape.bytesPerSm() / kBytesPerKb), [&](Row &row) { read(shape, row); });
    }
    addRow("gap-plain", [&](Row &row) { plainGap(row); });
    addRow("gap-programmatic", [&](Row &row) { programmaticGap(row); });
    addRow("latency-l2", [&](Row &row) { latency("L2", sizes_.l2Bytes, row); });
    addRow("latency-memory", [&](Row &row) { latency("memory", sizes_.memoryBytes, row); });
    addRow("mma-f16", [&](Row &row) { mma(row); });
  }

private:
  template <typename Measure> void addRow(const std::string &name, const Measure &measure) {
    Row row{"ceiling", name, code_.target, Outcome::measured, ""};
    try {
      measure(row);
    } catch (const std::exception &failure) {
      row.outcome = Outcome::failed;
      row.text = failure.what();
    }
    report_.add(std::move(row));
  }

  void read(const ReadShape &shape, Row &row) {
    const double rate = runner_.readRate(shape) / kUnitsPerGiga;
    row.text = fmt::format("{:.1f} GB/s with {} KB in flight per SM", rate, shape.bytesPerSm() / kBytesPerKb);
    row.values = {{"gigabytes_per_second", rate},       {"bytes_in_flight_per_sm", shape.bytesPerSm()},
                  {"blocks_per_sm", shape.blocksPerSm}, {"threads_per_block", ReadKernel::kThreads},
                  {"loads_per_thread", shape.loads},    {"buffer_bytes", sizes_.memoryBytes}};
  }

  void plainGap(Row &row) {
    const double gap = runner_.launchGap() * kMicrosPerSecond;
    row.text = fmt::format("{:.2f} µs from kernel to kernel of a command buffer", gap);
    row.values = {
        {"microseconds_per_dispatch", gap}, {"dispatches", sizes_.numDispatches}, {"blocks", sizes_.numSms}};
  }

  void programmaticGap(Row &row) {
    if (options_.backend != "cuda") {
      row.outcome = Outcome::skipped;
      row.text = "programmatic dependent launch is measured on backend cuda only";
      return;
    }
    const LaunchGap gap =
        measureLaunchGap(options_.device, code_.program.code, sizes_.numDispatches, sizes_.numSms);
    if (!gap.reason.empty()) {
      row.outcome = gap.isMissing ? Outcome::skipped : Outcome::failed;
      row.text = gap.reason;
      return;
    }
    const double programmatic = gap.programmaticSeconds * kMicrosPerSecond,
                 plain = gap.plainSeconds * kMicrosPerSecond;
    row.text =
        fmt::format("{:.2f} µs with programmatic dependent launch, {:.2f} without", programmatic, plain);
    row.values = {{"microseconds_per_dispatch", programmatic},
                  {"plain_microseconds_per_dispatch", plain},
                  {"dispatches", sizes_.numDispatches},
                  {"blocks", sizes_.numSms}};
  }

  void latency(const char *where, uint64_t bytes, Row &row) {
    const double seconds = runner_.loadLatency(bytes);
    row.text = fmt::format("{:.0f} ns for a dependent load from {}", seconds * kNanosPerSecond, where);
    row.values = {{"nanoseconds", seconds * kNanosPerSecond}, {"buffer_bytes", bytes}};
  }

  void mma(Row &row) {
    const double rate = runner_.mmaRate();
    row.text = fmt::format("{:.1f} TFLOP/s f16 by mma.m16n8k16 from registers", rate / kUnitsPerTera);
    row.values = {{"gigaflops", rate / kUnitsPerGiga}, {"threads_per_sm", MmaKernel::kThreads}};
  }

  const CheckOptions &options_;
  const CeilingCode &code_;
  Report &report_;
  CeilingSizes sizes_;
  CeilingRunner runner_;
};

/// Opens the best code that the driver loads: it may refuse one that the backend has expected to run.
std::unique_ptr<CeilingRows> openCeilings(const CheckOptions &options, const std::vector<CeilingCode> &codes,
                                          Report &report) {
  std::string failure = "no program in ceilings/ runs on this device";
  for (const CeilingCode &code : codes) {
    try {
      return std::make_unique<CeilingRows>(options, code, report);
    } catch (const std::runtime_error &refusal) {
      failure = code.target + ": " + refusal.what();
    }
  }
  throw std::runtime_error(failure);
}

} // namespace

void measureCeilings(const CheckOptions &options, Report &report) {
  try {
    const std::vector<CeilingCode> codes = codeFor(options);
    openCeilings(options, codes, report)->add();
  } catch (const std::exception &failure) {
    report.add({"ceiling", "all", "", Outcome::failed, failure.what()});
  }
}

} // namespace cria::check

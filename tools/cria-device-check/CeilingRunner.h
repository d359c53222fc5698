// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs and times the kernels of CeilingKernels.h on a backend.
#pragma once

#include "tools/cria-device-check/CompiledProgram.h"
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <optional>

namespace cria::check {

/// How much work the kernels get.
struct CeilingSizes {
  uint32_t numSms = 0;
  uint64_t memoryBytes = 0;   ///< more than fits into L2; a power of two
  uint64_t l2Bytes = 0;       ///< fits into L2; a power of two
  uint32_t chaseSteps = 0;    ///< of a dispatch
  uint32_t mmaRounds = 0;     ///< of a dispatch
  uint32_t numDispatches = 0; ///< of the shorter of two command buffers

  /// For a device of this many SMs and bytes of L2.
  static CeilingSizes ofDevice(uint32_t numSms, std::optional<uint64_t> l2Bytes);
  /// For a rehearsal on a simulator.
  static CeilingSizes small();
};

/// A grid and a kernel with so many loads in flight.
struct ReadShape {
  uint32_t blocksPerSm = 0;
  uint32_t loads = 0; ///< of a thread
  uint64_t bytesPerSm() const;
};

/// All functions throw std::runtime_error with the backend's message.
class CeilingRunner {
public:
  CeilingRunner(const std::string &backend, uint32_t device, const conformance::CompiledProgram &program,
                const CeilingSizes &sizes);

  /// Bytes per second. REQUIRES: nothing has made a chain before.
  double readRate(const ReadShape &shape);
  /// Seconds between dependent kernels of a command buffer.
  double launchGap();
  /// Seconds of a dependent load, from a chain through `bytes` of memory.
  double loadLatency(uint64_t bytes);
  /// Operations per second.
  double mmaRate();

private:
  conformance::Entry entryOf(const std::string &kernel, uint32_t blocks, uint32_t threads,
                             std::vector<conformance::Operand> operands) const;
  conformance::Operand arguments(const std::vector<uint32_t> &words);
  void makeChain(uint32_t lines);
  double kernelSeconds(const conformance::Entry &entry);
  double replaySeconds(uint32_t dispatches);
  void setProfiling(bool on);

  conformance::Device device_;
  CeilingSizes sizes_;
  cria_code *code_ = nullptr;
  conformance::Operand memory_;
};

} // namespace cria::check

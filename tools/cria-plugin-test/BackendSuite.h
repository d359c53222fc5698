// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The conformance cases of backends.
#pragma once

#include "tools/cria-plugin-test/DispatchHarness.h"
#include "tools/cria-plugin-test/Suite.h"

#include <cstdint>
#include <set>

namespace cria::conformance {

/// A backend under test. The cases borrow it.
struct BackendSubject {
  const Backend &backend;
  uint32_t device = 0;
  /// The version of the opset that the plugin manifest states for its list of ops; 0 if it lists none.
  uint32_t opset = 0;
  /// Ops of the opset that the plugin manifest lists; all ops if it lists none.
  std::set<std::string> ops;
  /// Element types that it lists for an operand, by "op/operand"; every type of the opset if there is no
  /// entry.
  std::map<std::string, std::set<uint32_t>> types;
  /// Parts of fused_linear that it lists: norm, activation, residual.
  std::set<std::string> fusedParts{"norm", "activation", "residual"};
  uint64_t seed = 1;

  Device::Options options() const { return {.numThreads = 0, .flags = 0, .device = device}; }
};
/// The names of all ops of the opset.
std::set<std::string> allOps();

/// The cases that hold for every backend: query, devices, buffers, transfers, events, command buffers with
/// copies and fills.
std::vector<Case> contractCases(const BackendSubject &subject);
/// The cases of a backend that runs "cria.ops.v1": every op of the opset over many shapes, compared with
/// formulas in double precision; programs of several entries; interleaved sessions. For other backends, one
/// case that is unsupported with the reason.
std::vector<Case> opCases(const BackendSubject &subject);

} // namespace cria::conformance

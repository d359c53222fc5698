// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What backends are tested for.
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
  /// Ops of the opset that the sidecar lists; all of them when it lists none.
  std::set<std::string> ops;
  /// Element types it lists for an operand, by "op/operand"; every type of the opset when there is no entry.
  std::map<std::string, std::set<uint32_t>> types;
  /// Parts of fused_linear that it lists: norm, activation, residual.
  std::set<std::string> fusedParts{"norm", "activation", "residual"};
  uint64_t seed = 1;

  Device::Options options() const { return {.numThreads = 0, .flags = 0, .device = device}; }
};
/// Everything of the opset.
std::set<std::string> allOps();

/// Query, devices, buffers, transfers, events, recordings of copies and fills: what holds for every backend.
std::vector<Case> contractCases(const BackendSubject &subject);
/// Every op of the opset over many shapes, against formulas in double precision; programs of several entries;
/// sessions side by side. One case that says why when the backend runs no "cria.ops.v1".
std::vector<Case> opCases(const BackendSubject &subject);

} // namespace cria::conformance

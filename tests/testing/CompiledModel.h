// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packages opened in this process, and their logits.
#pragma once

#include "runtime/cria.h"

#include <memory>
#include <string>
#include <vector>

namespace cria::test {

/// Every option a test varies.
struct OpenOptions {
  std::string target;  // package target
  std::string backend; // empty: by probing
  uint32_t threads = 2;
  uint64_t kvMemoryBytes = 0;
};

/// Opens a package with NaN in arena, result and scratch. Throws with the message when it fails.
std::unique_ptr<Model> openCompiled(const std::string &package, const OpenOptions &options);

/// Plugins of this build.
PluginRegistry &testRegistry();

/// Logits of every position [T, vocabSize]: `tokens` through prefill in chunks of `chunk`.
std::vector<float> prefillLogits(Model &model, std::span<const int32_t> tokens, size_t chunk = SIZE_MAX);

/// Whether code of this target can run here.
bool runsHere(const std::string &target);

} // namespace cria::test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens packages in this process and computes logits.
#pragma once

#include "runtime/cria.h"

#include <memory>
#include <string>
#include <vector>

namespace cria::test {

/// The options that tests vary.
struct OpenOptions {
  std::string target;  // of the package
  std::string backend; // empty: chosen by probing
  uint32_t threads = 2;
  uint64_t kvMemoryBytes = 0;
};

/// Opens a package with NaN in arena, result and scratch memory. Errors: throws std::runtime_error.
std::unique_ptr<Model> openCompiled(const std::string &package, const OpenOptions &options);

/// Returns a registry of the plugins of this build.
PluginRegistry &testRegistry();

/// Returns the logits of every position, f32 [T, vocabSize], from prefill steps of up to `chunk` tokens.
std::vector<float> prefillLogits(Model &model, std::span<const int32_t> tokens, size_t chunk = SIZE_MAX);

/// Returns whether this machine runs code of the target.
bool runsHere(const std::string &target);

} // namespace cria::test

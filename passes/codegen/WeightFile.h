// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes weights/<layout>.safetensors: evaluates recipes in blocks of rows, packs them into the layout, and
// writes them in parallel. Memory stays at a few megabytes a thread for any model.
#pragma once

#include "format/WeightLayout.h"
#include "passes/codegen/WeightRecipes.h"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace cria {

/// A tensor to write. `rows` gives logical rows; `shape` is the logical shape, of rank 1 or 2.
struct WeightToWrite {
  std::string name;
  ElementType type = ElementType::f32;
  PhysicalLayout layout;
  std::vector<int64_t> shape;
  std::unique_ptr<WeightRows> rows;
};

struct WeightFileOptions {
  int numThreads = 2;
  /// (optional) Called with the bytes just written, from any thread, one at a time.
  std::function<void(uint64_t)> progress;
  /// (optional) Stops with `cancelled` soon after it becomes true.
  const std::atomic<bool> *cancelled = nullptr;
};

/// Errors: those of WeightRows::read and SafetensorsWriter, cancelled; nothing is left at `path` then.
Status writeWeightFile(const std::string &path, const std::vector<WeightToWrite> &weights,
                       const WeightFileOptions &options);

} // namespace cria

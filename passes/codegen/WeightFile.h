// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes weights/<layout>.safetensors: evaluates recipes in blocks of rows, packs the planes of the rows into
// the arrays of the weight, and writes them from several threads. Each thread needs a few megabytes of memory
// for models of any size.
#pragma once

#include "format/WeightArrays.h"
#include "passes/codegen/WeightRecipes.h"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace cria {

/// A weight to write: one tensor for each of its arrays. `rows` holds the logical rows in `format`; `shape`
/// is the logical shape, of rank 1 or 2.
struct WeightToWrite {
  std::string name;
  WeightFormat format = WeightFormat::f32;
  PhysicalLayout layout;
  std::vector<int64_t> shape;
  std::unique_ptr<WeightRows> rows;
};

struct WeightFileOptions {
  int numThreads = 2;
  /// (optional) Called with the number of bytes just written, from any thread; calls do not overlap.
  std::function<void(uint64_t)> progress;
  /// (optional) Once it is true, writing stops with the error `cancelled`.
  const std::atomic<bool> *cancelled = nullptr;
};

/// Errors: those of WeightRows::read() and SafetensorsWriter; cancelled. After an error there is no file at
/// `path`.
Status writeWeightFile(const std::string &path, const std::vector<WeightToWrite> &weights,
                       const WeightFileOptions &options);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of a job: a checkpoint, or a preset with random weights.
#pragma once

#include "passes/driver/CompileJob.h"

namespace cria {

struct ModelSource {
  /// Only `config` is set for a preset. `config.context` is the context length to compile for.
  Checkpoint checkpoint;
  /// Content of the package's tokenizer file; empty: none.
  std::string tokenizer;
  DataType weightType = DataType::f16;
};

/// Errors: those of openCheckpoint() and of the job's TokenizerBuilder; unsupported or invalidArgument when
/// the context length is not possible.
StatusOr<ModelSource> openModel(const CompileJob &job, CompileObserver &observer);

} // namespace cria

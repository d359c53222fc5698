// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model of a job: a checkpoint, or a preset with random weights.
#pragma once

#include "format/Importance.h"
#include "format/Manifest.h"
#include "frontends/WeightRules.h"
#include "passes/driver/CompileJob.h"

namespace cria {

struct ModelSource {
  /// Only `config` is set for a preset. `config.context` is the context length to compile for.
  Checkpoint checkpoint;
  /// The manifest's description of `checkpoint.tokenizer`; nullopt if there is no tokenizer.
  std::optional<PackageTokenizer> tokenizer;
  WeightRules weights;
  std::string weightsName;    // of the rules, for the manifest: "q4_k_m"
  VectorsByName errorWeights; // by tensor of the checkpoint; empty without importance data
};

/// Errors: those of openCheckpoint() and of the job's TokenizerCheck; unsupported or invalidArgument when
/// the context length is not possible; those of readErrorWeights().
StatusOr<ModelSource> openModel(const CompileJob &job, CompileObserver &observer);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What importance data (format/Importance.h) of a model must agree with, and which tensors of a checkpoint
// it is for.
#pragma once

#include "format/Importance.h"
#include "frontends/Checkpoint.h"

#include <string>

namespace cria {

/// norms: the weights of all norms, by their names in the graph.
CalibratedModel calibratedModel(const ModelConfig &config, const VectorsByName &norms);

/// Reads importance data of a checkpoint from the file `path`. Returns what the squared errors of the columns
/// of matrices count (errorWeightsOf()), by the names of the tensors in the checkpoint. A matrix that is only
/// looked up has none. Errors: those of readImportance() and TensorReader::readRows().
StatusOr<VectorsByName> readErrorWeights(const std::string &path, const Checkpoint &checkpoint);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Importance data: how much the columns of the matrices of a model matter, measured while it reads a text.
// `cria calibrate` writes it, `cria compile --importance` encodes weights with it (docs/quantization.md).
//
// An error e_k of the weights in column k changes a result of a linear layer by Σ e_k · x_k, whose mean
// square is about Σ e_k² · mean(x_k²). So the mean over the rows x of the layer's input of x_k² is what the
// squared error of column k counts.
//
// The file is a safetensors file. Of each matrix that a linear layer reads it holds the means, f32 [K], under
// the name of the matrix in the graph: "layers.3.q". Its metadata states `format` and `version`, the number
// of `tokens`, and what identifies the model.
#pragma once

#include "format/ModelConfig.h"
#include "support/Status.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// One vector for each name of a weight.
using VectorsByName = std::map<std::string, std::vector<float>, std::less<>>;

/// What importance data must agree with.
struct CalibratedModel {
  std::map<std::string, std::string> identity;         ///< members of the metadata
  std::map<std::string, int64_t, std::less<>> columns; ///< K of each matrix that a linear layer reads
};

/// Returns what identifies a model: its dimensions, and a digest of its norm weights, which every package
/// holds in f32. norms: by the names of the weights in the graph.
std::map<std::string, std::string> identityOf(const ModelConfig &config, const VectorsByName &norms);

/// Writes a file. means: exactly those that `model` lists, of these sizes; they are checked as
/// readImportance() does. Errors: invalidArgument; io.
Status writeImportance(const std::string &path, const CalibratedModel &model, uint64_t numTokens,
                       const VectorsByName &means);

/// Reads the means of each matrix of `model`. Errors: those of SafetensorsFile::open(); unsupported for
/// another version; invalidArgument: no importance data, that of another model, and, naming the tensor,
/// missing or unknown ones, another shape, values that are negative or not finite.
StatusOr<VectorsByName> readImportance(const std::string &path, const CalibratedModel &model);

/// Returns what the squared errors of the columns count, with a mean of about 1: the means in proportion, but
/// none below a thousandth of the average, so that weights that the text did not use keep their values.
std::vector<float> errorWeightsOf(const std::vector<float> &means);

} // namespace cria

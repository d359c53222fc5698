// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A configuration that ties the output matrix to the embedding, and a checkpoint that may have both.
#pragma once

#include "format/ModelConfig.h"
#include "frontends/huggingface/SafetensorsReader.h"

namespace cria::huggingface {

/// Does what transformers does where `config` ties the two matrices. A checkpoint that has both with
/// different values is not tied, with a note; of two equal ones the output is discarded; a checkpoint that
/// has the output alone has it as its embedding. Errors: those of TensorReader::readRows().
Status settleTiedOutput(SafetensorsReader &tensors, ModelConfig &config, std::vector<std::string> &notes);

} // namespace cria::huggingface

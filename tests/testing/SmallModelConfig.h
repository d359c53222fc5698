// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration of a small model, for tests that need one that is valid.
#pragma once

#include "format/ModelConfig.h"

namespace cria::tests {

/// Returns a model of one layer with two KV heads of width 8 and a vocabulary of 96 tokens.
inline ModelConfig smallModelConfig() {
  return {.name = "m",
          .dim = 32,
          .layers = 1,
          .heads = 4,
          .kvHeads = 2,
          .headDim = 8,
          .ffnDim = 64,
          .vocabSize = 96,
          .context = 128};
}

} // namespace cria::tests

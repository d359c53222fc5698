// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generates text for one or many requests: prompts in chunks, then all running sequences together, one token
// a step.
#pragma once

#include "runtime/exec/GenerateTypes.h"
#include "runtime/exec/Stepper.h"

namespace cria {

class Tokenizer;

/// Threads: those of the model. Model and tokenizer outlive it.
class Generator {
public:
  /// tokenizer null: tokens only, no texts and no stop texts.
  Generator(Model &model, const Tokenizer *tokenizer);

  /// Runs all requests to their end and returns one result each, in order. A request that cannot run (empty
  /// or too long prompt, bad id, failing sampler) ends with reason error alone; a failed step ends those that
  /// took part in it. More requests than sequences or pages wait for their turn. Results do not depend on
  /// what else runs.
  std::vector<GenerateResult> generate(std::span<const GenerateRequest> requests,
                                       const GenerateCallback &callback = {},
                                       const CancelFlag *cancel = nullptr);
  GenerateResult generate(const GenerateRequest &request, const GenerateCallback &callback = {},
                          const CancelFlag *cancel = nullptr);

  /// Why a request could not run, as far as that is known before: generate() would end it with this error.
  Status check(const GenerateRequest &request) const;

private:
  Model &model_;
  const Tokenizer *tokenizer_;
  Stepper stepper_;
};

} // namespace cria

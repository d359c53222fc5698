// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generates text for requests that are known from the start: submits them to an Engine and waits.
#pragma once

#include "runtime/exec/Engine.h"

namespace cria {

/// Not thread-safe. Model and tokenizer outlive it.
class Generator {
public:
  /// tokenizer null: tokens only, no texts and no stop texts.
  Generator(Model &model, const Tokenizer *tokenizer) : engine_(model, tokenizer) {}

  /// Runs all requests to their end and returns one result each, in order. A request that cannot run (empty
  /// or too long prompt, bad id, failing sampler) ends with reason error, alone; a step that fails ends the
  /// requests that took part in it. `callback` is called on another thread while this one waits, and gets the
  /// tokens and texts of all requests; it must not call this generator. `cancel` ends all requests; one of a
  /// request's own takes its place.
  std::vector<GenerateResult> generate(std::span<const GenerateRequest> requests,
                                       const GenerateCallback &callback = {},
                                       const CancelFlag *cancel = nullptr);
  GenerateResult generate(const GenerateRequest &request, const GenerateCallback &callback = {},
                          const CancelFlag *cancel = nullptr);

  /// Checks what is known of a request before it runs: generate() would end it with this error.
  Status check(const GenerateRequest &request) const { return engine_.check(request); }

private:
  Engine engine_;
};

} // namespace cria

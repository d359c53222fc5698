// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generator: generates text for a fixed list of requests. It submits them to an Engine and waits.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/Engine.h"

namespace cria {

/// Not thread-safe. Model and tokenizer outlive it.
class Generator {
public:
  /// tokenizer (may be null): without it, results have tokens but no text, and stop texts are errors.
  Generator(Model &model, const Tokenizer *tokenizer) : engine_(model, tokenizer) {}

  /// Runs all requests to their end and returns one result for each, in order. A request that cannot run
  /// (empty or too long prompt, invalid id, failing sampler) ends with reason error and does not affect the
  /// others; a step that fails ends the requests that it contains. `callback` receives the tokens and texts
  /// of all requests on another thread; it must not call this generator. Setting `cancel` (may be null)
  /// cancels all requests, except those with a flag of their own.
  std::vector<GenerateResult> generate(std::span<const GenerateRequest> requests,
                                       const GenerateCallback &callback = {},
                                       const CancelFlag *cancel = nullptr);
  GenerateResult generate(const GenerateRequest &request, const GenerateCallback &callback = {},
                          const CancelFlag *cancel = nullptr);

  /// Checks a request before it runs: generate() would end it with this error. Errors: invalidArgument.
  Status check(const GenerateRequest &request) const { return engine_.check(request); }

private:
  Engine engine_;
};

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Engine: runs requests that any thread submits, batched together on one thread of its own.
#pragma once

#include "runtime/exec/GenerateTypes.h"

namespace cria {

class Model;
class Tokenizer;

/// A request and who hears of it.
struct Submission {
  GenerateRequest request;
  GenerateCallback onEvent;
};

/// Thread-safe. While a request is unfinished, the engine alone uses the model and the sessions of its
/// requests: create, destroy and step other sessions of the model only in onEvent or after drain().
class Engine {
public:
  /// Model and tokenizer outlive the engine. tokenizer null: tokens only, no texts and no stop texts.
  Engine(Model &model, const Tokenizer *tokenizer);
  /// Cancels all requests and waits until their last events are delivered. Not to be called from onEvent.
  ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// Runs a request. onEvent is called on the engine's thread, in order, and the last time with the result,
  /// also when the request cannot run. It must not throw and may submit and cancel, but not drain. Requests
  /// beyond the maximum of sequences or pages wait for their turn. The result does not depend on what else
  /// runs. Returns 0, and does nothing, while the engine is being destroyed.
  RequestHandle submit(GenerateRequest request, GenerateCallback onEvent);
  /// Submits several requests before any of them runs.
  std::vector<RequestHandle> submit(std::vector<Submission> submissions);

  /// Ends a request with reason cancelled; what was delivered stays. The step that is running ends early if
  /// no other request takes part in it and this one has no flag of its own. Does nothing when the request has
  /// ended.
  void cancel(RequestHandle request);
  /// Waits until all requests that were submitted before this call have ended. Not to be called from onEvent.
  void drain();

  /// Checks what is known of a request before it runs: submit() would end it at once with this error.
  Status check(const GenerateRequest &request) const;

private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Engine: runs requests that any thread submits, batched together on one thread of its own.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/GenerateTypes.h"

namespace cria {

class Model;
class Tokenizer;

/// A request and the callback that receives its events.
struct Submission {
  GenerateRequest request;
  GenerateCallback onEvent;
};

/// Thread-safe. While a request is unfinished, only the engine may use the model, and the sessions and
/// samplers of its requests: create and destroy other sessions of the model only in onEvent or after drain(),
/// and step them only after drain().
class Engine {
public:
  /// Model and tokenizer outlive the engine. tokenizer (may be null): without it, events have tokens but no
  /// text, and stop texts are errors.
  Engine(Model &model, const Tokenizer *tokenizer);
  /// Cancels all requests and waits until their last events are delivered. Must not be called from onEvent.
  ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// Runs a request. onEvent is called on the engine's thread, in order; the last event has the result,
  /// even if the request cannot run. onEvent must not throw. It may call submit() and cancel(), but not
  /// drain(). Requests that exceed the maximum number of sequences or pages wait. The result does not
  /// depend on concurrent requests. Returns 0 and has no effect while the engine is being destroyed.
  RequestHandle submit(GenerateRequest request, GenerateCallback onEvent);
  /// Submits several requests before any of them runs.
  std::vector<RequestHandle> submit(std::vector<Submission> submissions);

  /// Ends a request with reason cancelled; its result has the tokens that were delivered. The running step
  /// ends early if it contains no other request and this one has no flag of its own. Has no effect if the
  /// request has ended.
  void cancel(RequestHandle request);
  /// Waits until all requests that were submitted before this call have ended. Must not be called from
  /// onEvent.
  void drain();

  /// Checks a request before it runs: submit() would end it immediately with this error. Errors:
  /// invalidArgument.
  Status check(const GenerateRequest &request) const;

private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

} // namespace cria

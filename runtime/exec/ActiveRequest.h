// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request from submission to its last event: its session, the tokens it still has to evaluate, and what it
// has produced.
#pragma once

#include "runtime/exec/GenerateTypes.h"
#include "runtime/exec/Stepper.h"
#include "runtime/exec/StopMatcher.h"
#include "runtime/text/StreamingDecoder.h"

#include <chrono>

namespace cria {

/// Checks a request before it runs: the prompt fits the context, its ids are in the vocabulary, and the
/// session belongs to this model. Errors: invalidArgument.
Status checkRequest(const GenerateRequest &request, const Model &model, const Tokenizer *tokenizer);

/// Not thread-safe, except for cancel(), isCancelled() and handle().
class ActiveRequest {
public:
  /// Model and tokenizer outlive it. The times of the result count from this call.
  ActiveRequest(RequestHandle handle, GenerateRequest request, Model &model, const Tokenizer *tokenizer,
                GenerateCallback onEvent);

  RequestHandle handle() const { return handle_; }
  /// Null if the request has a session of its own.
  const Session *sharedSession() const { return request_.session; }
  /// Null if the request has none.
  const SamplerChain *sampler() const { return request_.sampler.get(); }
  const CancelFlag *cancelFlag() const { return request_.cancel; }

  /// Thread-safe. The scheduler ends the request before its next step.
  void cancel() { cancelled_.set(); }
  /// Thread-safe. True after cancel() and when the request's own flag is set.
  bool isCancelled() const { return cancelled_.isSet() || (request_.cancel && request_.cancel->isSet()); }

  /// Checks the request, keeps the prefix that its session shares with the prompt, and passes the prompt to
  /// the sampler. May end the request. A second call has no effect.
  void begin();
  /// True from begin() until the request ends.
  bool isActive() const { return session_ && !isDone(); }
  bool isDone() const { return result_.reason != FinishReason::none; }
  bool isInPrompt() const { return session_->length() < request_.prompt.size(); }
  /// The maximum number of pages that the request can still take from the pool. REQUIRES: isActive().
  uint32_t remainingPages() const;

  /// The tokens that it adds to the next step: up to `maxTokens` tokens of the prompt, or the last
  /// generated token.
  StepItem nextItem(uint32_t maxTokens) const;
  /// Chooses the next token, delivers it, and checks the end conditions. logits: f32 [vocabSize] of its
  /// last token, borrowed for the call.
  void takeLogits(std::span<const float> logits);

  /// Ends the request and delivers its last event. REQUIRES: !isDone().
  void finish(FinishReason reason, Status status = {});

private:
  Status startSampler();
  void collectEndTokens();
  StatusOr<int32_t> choose(std::span<const float> logits);
  std::span<const int32_t> maskedTokens() const;
  bool endsWith(int32_t token);
  std::string textOf(int32_t token);
  void addToken(int32_t token, std::span<const float> logits);
  void emit(const GenerateEvent &event) const;
  void emitText(const GeneratedToken *token, const std::string &text);
  void flushText();
  uint64_t elapsedNs() const;

  RequestHandle handle_;
  GenerateRequest request_;
  Model &model_;
  const Tokenizer *tokenizer_;
  GenerateCallback onEvent_;
  std::chrono::steady_clock::time_point start_;
  CancelFlag cancelled_;
  std::optional<Session> own_;
  Session *session_ = nullptr;
  std::vector<int32_t> eosTokens_; // empty if they are ignored
  std::vector<int32_t> endTokens_; // those and the stop tokens
  std::optional<StreamingDecoder> decoder_;
  StopMatcher stops_;
  int32_t last_ = -1; // the last generated token, not yet in the session
  GenerateResult result_;
};

} // namespace cria

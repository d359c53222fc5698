// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One request while it runs: its session, what it still has to evaluate, and what it has produced.
#pragma once

#include "runtime/exec/GenerateTypes.h"
#include "runtime/exec/Stepper.h"
#include "runtime/exec/StopMatcher.h"
#include "runtime/text/StreamingDecoder.h"

#include <chrono>

namespace cria {

/// What can be said of a request before it runs: its prompt fits, its ids exist, its session is of this
/// model.
Status checkRequest(const GenerateRequest &request, const Model &model, const Tokenizer *tokenizer);

class RequestRun {
public:
  /// All borrowed; outlive this. index: of the request, for events. start: when the call began.
  RequestRun(size_t index, const GenerateRequest &request, Model &model, const Tokenizer *tokenizer,
             const GenerateCallback &callback, std::chrono::steady_clock::time_point start);

  /// Checks the request, keeps what its session has in common with the prompt, and tells the sampler the
  /// prompt. May end it. Does nothing the second time.
  void begin();
  /// Whether begin() has been called and the request goes on.
  bool isActive() const { return session_ && !isDone(); }
  bool isDone() const { return result_.reason != FinishReason::none; }
  bool isInPrompt() const { return session_->length() < request_.prompt.size(); }
  /// The most pages it can still take from the pool. isActive() holds.
  uint32_t pagesToCome() const;

  /// Its part of the next step: up to `most` prompt tokens, or the generated token.
  StepItem nextItem(uint32_t most) const;
  /// The logits f32 [vocabSize] of its last token: chooses, reports, and decides whether it goes on.
  void takeLogits(std::span<const float> logits);

  void finish(FinishReason reason, Status status = {});
  GenerateResult takeResult() { return std::move(result_); }

private:
  Status startSampler();
  void collectEndTokens();
  StatusOr<int32_t> choose(std::span<const float> logits);
  std::span<const int32_t> maskedTokens() const;
  bool endsWith(int32_t token);
  void addToken(int32_t token, std::span<const float> logits);
  void emit(const GeneratedToken *token, const std::string &text);
  void flushText();
  uint64_t elapsedNs() const;

  size_t index_;
  const GenerateRequest &request_;
  Model &model_;
  const Tokenizer *tokenizer_;
  const GenerateCallback &callback_;
  std::chrono::steady_clock::time_point start_;
  std::optional<Session> own_;
  Session *session_ = nullptr;
  std::vector<int32_t> eosTokens_; // none when they are ignored
  std::optional<StreamingDecoder> decoder_;
  StopMatcher stops_;
  int32_t last_ = -1; // the newest token, not yet in the session
  GenerateResult result_;
};

} // namespace cria

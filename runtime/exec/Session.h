// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Session: one sequence, that is, its tokens and their KV pages.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/KvPool.h"
#include "runtime/exec/Model.h"

#include <functional>
#include <span>
#include <vector>

namespace cria {

class Stepper;

/// Receives the logits of the token at `position`: f32 [vocabSize], host, borrowed for the call. An error
/// ends the prefill.
using LogitsCallback = std::function<Status(uint32_t position, std::span<const float> logits)>;

/// Owns KV pages of its model, which outlives it. Not thread-safe; callers serialize the use of all
/// sessions of a model.
class Session {
public:
  explicit Session(Model &model);
  ~Session();
  Session(Session &&) noexcept;
  Session &operator=(Session &&) noexcept;

  Model &model() const { return *model_; }
  /// The tokens whose K and V are in the cache.
  std::span<const int32_t> tokens() const { return tokens_; }
  uint32_t length() const { return static_cast<uint32_t>(tokens_.size()); }
  uint32_t room() const { return model_->context() - length(); }
  uint32_t numPages() const { return static_cast<uint32_t>(kv_.pages().size()); }

  /// Model::hasOverflow() of the pages of this session.
  StatusOr<bool> hasOverflow() const { return model_->hasOverflow(kv_.pages()); }
  /// Returns an error about logits, or, where they are not finite because the KV cache has overflowed, one
  /// with the same code that says so.
  Status explain(const Status &status, std::span<const float> logits) const;

  /// Removes the tokens from `length` on. REQUIRES: length <= length().
  void truncate(uint32_t length);
  void clear() { truncate(0); }
  /// Truncates the session to the longest prefix that it shares with `tokens`, and returns the length. At
  /// least one of `tokens` remains to be evaluated, so that its logits are computed.
  uint32_t keepCommonPrefix(std::span<const int32_t> tokens);
  /// Returns a session with the same tokens. The two share pages until one of them writes.
  Session fork() const;

  /// Appends the tokens of a prompt in chunks, and passes the logits of the last token to `logits`, or with
  /// `all` those of every token in order. If a chunk fails or is cancelled, the tokens of earlier chunks
  /// stay. Errors: those of Stepper::run() and of `logits`.
  Status prefill(std::span<const int32_t> tokens, const LogitsCallback &logits, bool all = false,
                 const CancelFlag *cancel = nullptr);
  /// Appends one generated token and returns its logits: f32 [vocabSize], host, valid until the next step
  /// of the model. Errors: those of Stepper::run().
  StatusOr<std::span<const float>> decode(int32_t token, const CancelFlag *cancel = nullptr);

private:
  friend class Stepper;
  Stepper &stepper();

  Model *model_;
  KvSequence kv_;
  std::vector<int32_t> tokens_;
  std::unique_ptr<Stepper> stepper_; // created on first use
};

} // namespace cria

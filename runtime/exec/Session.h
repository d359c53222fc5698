// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One sequence with a memory: the tokens seen so far and their KV pages.
#pragma once

#include "runtime/exec/KvPool.h"
#include "runtime/exec/Model.h"

#include <functional>
#include <span>
#include <vector>

namespace cria {

class Stepper;

/// Row of logits for the token at `position`: f32 [vocabSize], borrowed for the call.
using LogitsCallback = std::function<Status(uint32_t position, std::span<const float> logits)>;

/// Holds KV pages of its model until destroyed; the model outlives it. Threads: one at a time per model.
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

  /// Forgets tokens from `length` on. length <= length().
  void truncate(uint32_t length);
  void clear() { truncate(0); }
  /// Keeps the longest prefix shared with `tokens`, but never all of them (so that evaluating the rest gives
  /// logits), and returns its length.
  uint32_t keepCommonPrefix(std::span<const int32_t> tokens);
  /// An independent copy that shares pages until one of the two writes.
  Session fork() const;

  /// Appends prompt tokens in chunks through `prefill` and gives the logits of the last one, or, with `all`,
  /// those of every one in order. Tokens of completed chunks stay when a later one fails or is cancelled.
  Status prefill(std::span<const int32_t> tokens, const LogitsCallback &logits, bool all = false,
                 const CancelFlag *cancel = nullptr);
  /// Appends one generated token through `decode` and returns its logits, valid until the model's next step.
  StatusOr<std::span<const float>> decode(int32_t token, const CancelFlag *cancel = nullptr);

private:
  friend class Stepper;
  Stepper &stepper();

  Model *model_;
  KvSequence kv_;
  std::vector<int32_t> tokens_;
  std::unique_ptr<Stepper> stepper_; // made when first needed
};

} // namespace cria

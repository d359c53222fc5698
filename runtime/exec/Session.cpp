// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session is a list of tokens and their KV pages. Steps run in a Stepper.
#include "runtime/exec/Session.h"

#include "format/KvType.h"
#include "runtime/exec/Stepper.h"

#include <algorithm>
#include <cfloat>

namespace cria {

/// Reserves memory for the longest sequence, so that steps allocate nothing.
Session::Session(Model &model) : model_(&model), kv_(model.kvPool()) { tokens_.reserve(model.context()); }
Session::~Session() = default;
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;

Stepper &Session::stepper() {
  if (!stepper_) {
    stepper_ = std::make_unique<Stepper>(*model_);
  }
  return *stepper_;
}

void Session::truncate(uint32_t length) {
  tokens_.resize(length);
  kv_.truncate(length);
}

uint32_t Session::keepCommonPrefix(std::span<const int32_t> tokens) {
  size_t most = tokens.empty() ? 0 : std::min(tokens.size() - 1, tokens_.size());
  auto mismatch =
      std::mismatch(tokens_.begin(), tokens_.begin() + static_cast<ptrdiff_t>(most), tokens.begin());
  truncate(static_cast<uint32_t>(mismatch.first - tokens_.begin()));
  return length();
}

Session Session::fork() const {
  Session copy(*model_);
  copy.kv_ = kv_.fork();
  copy.tokens_ = tokens_;
  return copy;
}

Status Session::prefill(std::span<const int32_t> tokens, const LogitsCallback &logits, bool all,
                        const CancelFlag *cancel) {
  const ProgramLimits &limits = model_->limits();
  size_t most = all ? std::min(limits.maxTokens, limits.maxOutputs) : limits.maxTokens;
  if (tokens.empty() || tokens.size() > room()) {
    return invalidArgument("expected 1 to {} tokens, the free positions of the context of {}, got {}", room(),
                           model_->context(), tokens.size());
  }
  while (!tokens.empty()) {
    std::span<const int32_t> chunk = tokens.first(std::min(most, tokens.size()));
    tokens = tokens.subspan(chunk.size());
    uint32_t numOutputs = all ? static_cast<uint32_t>(chunk.size()) : tokens.empty();
    StepItem item = {.session = this, .tokens = chunk, .numOutputs = numOutputs};
    CRIA_ASSIGN_OR_RETURN(std::span<const float> rows, stepper().run(Phase::prefill, {&item, 1}, cancel));
    for (uint32_t i = 0; i < numOutputs && logits; ++i) {
      uint32_t vocabSize = model_->vocabSize();
      CRIA_RETURN_IF_ERROR(logits(length() - numOutputs + i, rows.subspan(size_t(i) * vocabSize, vocabSize)));
    }
  }
  return {};
}

Status Session::explain(const Status &status, std::span<const float> logits) const {
  const bool areFinite = std::ranges::all_of(logits, [](float logit) { return logit <= FLT_MAX; });
  const ElementType type = model_->program().kv.type;
  if (areFinite || type == ElementType::f32) {
    return status;
  }
  const StatusOr<bool> overflow = hasOverflow();
  return overflow.ok() && *overflow
             ? error(status.code(),
                     "a key or value is beyond the largest number of {}, the type of the KV cache; "
                     "compile the model again with --kv f32",
                     kvTypeNameOf(type))
             : status;
}

StatusOr<std::span<const float>> Session::decode(int32_t token, const CancelFlag *cancel) {
  StepItem item = {.session = this, .tokens = {&token, 1}, .numOutputs = 1};
  return stepper().run(Phase::decode, {&item, 1}, cancel);
}

} // namespace cria

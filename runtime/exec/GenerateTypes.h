// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a caller asks of the Generator, and what it gets back.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

class SamplerChain;
class Session;

enum class FinishReason : uint8_t { none, eos, stop, length, context, cancelled, error };
std::string_view finishReasonName(FinishReason reason);

struct TokenLogprob {
  int32_t id = 0;
  float logprob = 0; // natural logarithm, of the raw logits
};

/// One generated token.
struct GeneratedToken {
  int32_t id = 0;
  float logprob = 0;             // with GenerateRequest::logprobs
  std::vector<TokenLogprob> top; // the most likely ones, descending; ties: lower id first
};

struct GenerateRequest {
  std::vector<int32_t> prompt; // at least one token; with `session`, the whole text so far
  uint32_t maxNewTokens = UINT32_MAX;
  uint32_t minNewTokens = 0; // end-of-text tokens are masked before
  bool ignoreEos = false;
  std::vector<std::string> stopTexts; // generation ends before any of these; needs a tokenizer
  std::vector<int32_t> stopTokens;    // and before any of these
  /// This request's own; it is reset and told the prompt first. Null: greedy.
  std::shared_ptr<SamplerChain> sampler;
  uint64_t seed = 0;
  uint64_t sequence = 0;            // tells apart the random numbers of requests with one seed
  std::optional<uint32_t> logprobs; // how many of the most likely tokens to report; 0: the chosen one only
  bool continuesText = true; // the text goes on from the prompt's; false: it stands alone, as a chat answer
  /// Continue here: KV of the common prefix is reused, and holds the text afterwards. Null: a fresh one.
  /// Borrowed.
  Session *session = nullptr;
};

struct GenerateResult {
  FinishReason reason = FinishReason::none;
  Status status;                      // why, with reason error
  std::vector<GeneratedToken> tokens; // without the token that ended it
  std::string text;                   // without a stop text; empty without a tokenizer
  std::string stopText;               // the one that ended it
  int32_t stopToken = -1;             // the end-of-text or stop token that ended it
  uint32_t reusedTokens = 0;          // of the prompt, found in the session
  uint64_t promptNs = 0;              // from the start of the call to the first token
  uint64_t totalNs = 0;               // from the start of the call to the end of this request
};

/// A newly generated token and the text it adds; `text` may be empty (held back) and comes once more with
/// `token` null for what was held back until the end.
struct GenerateEvent {
  size_t request = 0; // index
  const GeneratedToken *token = nullptr;
  std::string_view text;
};
using GenerateCallback = std::function<void(const GenerateEvent &)>;

} // namespace cria

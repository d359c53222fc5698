// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Requests to generate text, the events that they cause, and their results.
#pragma once

#include "runtime/exec/CancelFlag.h"
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
  std::vector<TokenLogprob> top; // the most likely tokens, descending; ties: lower id first
};

/// While a request runs, nothing else may use its sampler or its session.
struct GenerateRequest {
  std::vector<int32_t> prompt; // at least one token; with `session`, the whole text so far
  uint32_t maxNewTokens = UINT32_MAX;
  uint32_t minNewTokens = 0; // end-of-text tokens are masked until then
  bool ignoreEos = false;
  std::vector<std::string> stopTexts; // generation ends before any of these; needs a tokenizer
  std::vector<int32_t> stopTokens;    // generation ends before any of these
  /// Is reset and given the prompt when the request begins. Null: greedy.
  std::shared_ptr<SamplerChain> sampler;
  /// Random numbers are a pure function of seed, sequence and position: they depend neither on the order of
  /// requests nor on what else runs.
  uint64_t seed = 0;
  uint64_t sequence = 0;            // distinguishes requests that share a seed
  std::optional<uint32_t> logprobs; // how many of the most likely tokens to report; 0: only the chosen one
  bool continuesText = true;        // false: the text stands alone, as an answer in a chat
  /// The session to continue: it keeps the KV of the prefix that it shares with the prompt, and holds the
  /// whole text afterwards. Borrowed. Null: a new session.
  Session *session = nullptr;
  /// Cancels the request when it is set, by any thread or a signal handler. Borrowed. Null: none.
  const CancelFlag *cancel = nullptr;
};

struct GenerateResult {
  FinishReason reason = FinishReason::none;
  Status status;                      // with reason error
  std::vector<GeneratedToken> tokens; // without the token that ended it
  std::string text;                   // without a stop text; empty without a tokenizer
  std::string stopText;               // the stop text that ended it
  int32_t stopToken = -1;             // the end-of-text or stop token that ended it
  uint32_t reusedTokens = 0;          // tokens of the prompt that the session already held
  uint64_t promptNs = 0;              // from submission to the first token
  uint64_t totalNs = 0;               // from submission to the end
};

/// Identifies a request of an Engine. 0 is no request.
using RequestHandle = uint64_t;

/// A new token and the text it adds, the text that was held back until the end, or the end.
struct GenerateEvent {
  RequestHandle request = 0; // of Engine::submit(); the index of the request in Generator::generate()
  const GeneratedToken *token = nullptr;  // null: text that was held back, or the end
  std::string_view text;                  // may be empty: it is held back while it may become a stop text
  const GenerateResult *result = nullptr; // the last event of a request of an Engine, and only that, has it
};
using GenerateCallback = std::function<void(const GenerateEvent &)>;

} // namespace cria

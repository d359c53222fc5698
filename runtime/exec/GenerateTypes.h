// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Requests to generate text, the events that they cause, and their results.
// Public: included by runtime/cria.h.
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

/// Why a request ended; `none` if it has not. eos: an end-of-text token. stop: a stop text or stop token.
/// length: maxNewTokens. context: the context is full.
enum class FinishReason : uint8_t { none, eos, stop, length, context, cancelled, error };
/// The spelling of the enumerator, e.g. "stop".
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

/// While a request runs, only it may use its sampler and its session.
struct GenerateRequest {
  std::vector<int32_t> prompt; // at least one token; with `session`, the entire text so far
  uint32_t maxNewTokens = UINT32_MAX;
  /// Nothing ends the text until then: tokens that would are masked, and stop texts are not searched.
  uint32_t minNewTokens = 0;
  /// Generation ends before any of these, and before the end-of-text tokens of the model.
  std::vector<int32_t> eosTokens;
  bool ignoreEos = false; // those of the model and eosTokens do not end the text
  /// Generation ends before any of these; needs a tokenizer. They may contain names of control tokens.
  std::vector<std::string> stopTexts;
  std::vector<int32_t> stopTokens; // generation ends before any of these
  /// When the request begins, the chain is reset and the prompt is appended to it. Null: greedy.
  std::shared_ptr<SamplerChain> sampler;
  /// Random numbers are a pure function of seed, sequence and position. They depend neither on the order of
  /// requests nor on concurrent requests.
  uint64_t seed = 0;
  uint64_t sequence = 0;            // distinguishes requests that share a seed
  std::optional<uint32_t> logprobs; // number of most likely tokens to report; 0: only the chosen one
  /// True: the generated text continues that of the prompt. False: it is a text of its own, such as an
  /// answer in a chat, and the space that the tokenizer puts in front of a text is removed.
  bool continuesText = true;
  /// The session to continue. It keeps the KV cache of the prefix that it shares with the prompt, and
  /// afterwards holds the entire text. Borrowed until the request ends. Null: a new session.
  Session *session = nullptr;
  /// Setting it, on any thread or in a signal handler, cancels the request. Borrowed until the request
  /// ends. Null: none.
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

/// Identifies a request of an Engine. 0: no request.
using RequestHandle = uint64_t;

/// A new token and the text that it adds, or remaining text, or the end of the request.
struct GenerateEvent {
  RequestHandle request = 0; // of Engine::submit(); the index of the request in Generator::generate()
  const GeneratedToken *token = nullptr;  // null: remaining text, or the end
  std::string_view text;                  // empty while it may be the start of a stop text
  const GenerateResult *result = nullptr; // only in the last event of a request of an Engine
};
using GenerateCallback = std::function<void(const GenerateEvent &)>;

} // namespace cria

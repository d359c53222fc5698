// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The options of a request as a user states them, as plain values or in JSON:
//
//   {"prompt": "Once", "max_tokens": 50, "seed": 1, "stop": ["\n"]}
//
// Public: included by runtime/cria.h.
#pragma once

#include "format/ModelConfig.h"
#include "runtime/plugin/SamplerChain.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

/// How tokens are chosen and what ends the text. Members without a value have the default of the
/// checkpoint.
struct RequestOptions {
  std::optional<double> temperature; // 0: always the most likely token
  std::optional<int64_t> topK;       // 0: all tokens
  std::optional<double> topP;
  std::string samplerExpression;     // replaces the three members above
  std::vector<SamplerSpec> samplers; // also replaces them
  std::string grammar;               // GBNF; applied before the samplers
  std::string jsonSchema;            // replaces `grammar`
  std::optional<uint64_t> seed;      // default: chosen at random
  uint64_t sequence = 0;             // distinguishes requests that share a seed
  std::vector<std::string> stopTexts;
  bool ignoreEos = false;
  uint32_t minTokens = 0;
  std::optional<uint32_t> maxTokens;
  std::optional<uint32_t> logprobs;
};

/// A text to continue.
struct TextRequest {
  std::string prompt;
  RequestOptions options;
};

/// Returns the samplers of the options in order: the grammar; then those of the expression, those of the
/// list, or temperature, top-k and top-p. Without any of these, the defaults of the checkpoint, or
/// `greedy`. Errors: those of parseSamplers().
StatusOr<std::vector<SamplerSpec>> samplersOf(const RequestOptions &options,
                                              const GenerationDefaults &defaults);

/// Parses a request. Its members replace those of `defaults`; stop texts are added to them. A request with
/// its own seed has sequence 0, so that its result is the same as if it ran alone. `where` begins each
/// message. Errors: invalidArgument.
StatusOr<TextRequest> readRequestJson(std::string_view json, const RequestOptions &defaults,
                                      std::string_view where);

} // namespace cria

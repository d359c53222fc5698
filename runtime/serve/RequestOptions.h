// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A request as a user states it, in plain values or in JSON:
//
//   {"prompt": "Once", "max_tokens": 50, "seed": 1, "stop": ["\n"]}
#pragma once

#include "format/ModelConfig.h"
#include "runtime/plugin/SamplerChain.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

/// How tokens are chosen and what ends the text. Members that are not set take the default of the checkpoint.
struct RequestOptions {
  std::optional<double> temperature; // 0: always the most likely token
  std::optional<int64_t> topK;       // 0: all tokens
  std::optional<double> topP;
  std::string samplerExpression;     // takes the place of the three above
  std::vector<SamplerSpec> samplers; // so does this
  std::string grammar;               // GBNF; applied before the samplers
  std::string jsonSchema;            // takes the place of `grammar`
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

/// The samplers that the options ask for, in order: the grammar; then the expression, the list, or
/// temperature, top-k and top-p; without any of these the defaults of the checkpoint, or `greedy`. Errors:
/// those of parseSamplers().
StatusOr<std::vector<SamplerSpec>> samplersOf(const RequestOptions &options,
                                              const GenerationDefaults &defaults);

/// Reads a request from JSON text. Its members take the place of those of `defaults`; stop texts are added.
/// A seed of its own makes its sequence 0, so that it gives what it gives alone. `where` starts each
/// message. Errors: invalidArgument.
StatusOr<TextRequest> readRequestJson(std::string_view json, const RequestOptions &defaults,
                                      std::string_view where);

} // namespace cria

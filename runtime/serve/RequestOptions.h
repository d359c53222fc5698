// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The options of a request as a user states them, as plain values or in JSON:
//
//   {"prompt": "Once", "max_tokens": 50, "seed": 1, "stop": ["\n"]}
//
// Public: included by runtime/cria.h.
#pragma once

#include "format/ModelConfig.h"
#include "runtime/plugin/SamplerChain.h"
#include "runtime/text/Tokenizer.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cria {

/// How a JSON Schema is read: options of the sampler `grammar`.
struct SchemaOptions {
  bool exactFormats = false; // formats other than date, time, date-time and uuid are enforced or refused, too
  bool openApi = false;      // `nullable` has the meaning of OpenAPI 3.0
  bool openObjects = false;  // properties that are not declared are allowed where the schema allows them
  /// The texts of documents that the schema may refer to, by URI. Nothing else is read or fetched.
  std::map<std::string, std::string> documents = {};
};

/// How tokens are chosen and what ends the text. Members without a value have the default of the
/// checkpoint, each on its own.
struct RequestOptions {
  std::optional<double> temperature; // 0: always the most likely token
  std::optional<int64_t> topK;       // 0: all tokens
  std::optional<double> topP, minP, typicalP;
  std::optional<double> repetitionPenalty; // 1: none; applied to the most likely token, too
  std::string samplerExpression;           // replaces the members above
  std::vector<SamplerSpec> samplers;       // also replaces them
  std::string grammar;                     // GBNF; applied before the samplers
  std::string jsonSchema;                  // replaces `grammar`
  SchemaOptions schemaOptions;             // those of `jsonSchema`
  std::optional<uint64_t> seed;            // default: chosen at random
  /// End the text, in addition to what the checkpoint and its chat template state. The name of a control
  /// token or of the unknown token stands for the token.
  std::vector<std::string> stopTexts;
  bool ignoreEos = false;            // nothing but stopTexts, and a grammar without more, ends the text
  std::optional<uint32_t> minTokens; // nothing ends the text before
  std::optional<uint32_t> maxTokens;
  std::optional<uint32_t> logprobs;
  SpecialTokens specials = SpecialTokens::asText; // names of control tokens in a prompt
};

/// A text to continue.
struct TextRequest {
  std::string prompt;
  RequestOptions options;
};

/// Returns the samplers of the options in order: the grammar; then those of the expression, those of the
/// list, or those of transformers: the repetition penalty, temperature, top-k, top-p, min-p and typical-p.
/// One of them that is not given has the checkpoint's value. A checkpoint that does not sample gives
/// `greedy`, unless one of those after the penalty is given. With ignoreEos, a grammar has `ends_last`.
/// Errors: those of parseSamplers(); invalidArgument for a document of a schema that is not UTF-8.
StatusOr<std::vector<SamplerSpec>> samplersOf(const RequestOptions &options,
                                              const GenerationDefaults &defaults);

/// Checks a text that is to end a text. Errors: invalidArgument.
Status checkStopText(std::string_view text);

/// A seed chosen at random.
uint64_t randomSeed();

/// The seed of row `index` of a batch with this seed, at most 2^53. Row 0 has the seed itself, so a batch of
/// one row gives what the row alone gives.
uint64_t seedOfRow(uint64_t seed, uint64_t index);

/// Parses a request. Its members replace those of `defaults`; stop texts are added to them. `where` begins
/// each message. Errors: invalidArgument.
StatusOr<TextRequest> readRequestJson(std::string_view json, const RequestOptions &defaults,
                                      std::string_view where);

} // namespace cria

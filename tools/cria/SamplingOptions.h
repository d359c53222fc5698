// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How tokens are chosen, from the command line or the checkpoint's generation defaults.
#pragma once

#include "OpenModel.h"
#include "runtime/exec/GenerateTypes.h"
#include "runtime/plugin/SamplerChain.h"

#include <optional>

namespace cria::cli {

struct SamplingOptions {
  std::optional<double> temperature;
  std::optional<int64_t> topK;
  std::optional<double> topP;
  std::string sampler;     // an expression
  std::string samplerFile; // or a path of the same as JSON
  std::string grammarFile; // a path of GBNF; before the chain
  std::string schemaFile;  // or of a JSON Schema
  std::optional<uint64_t> seed;
  std::vector<std::string> stopTexts;
  bool ignoreEos = false;
  uint32_t minTokens = 0;
  std::optional<uint32_t> maxTokens;
};

void addSamplingOptions(CLI::App &command, SamplingOptions &options);

/// The sampler expression that the options ask for: --sampler, --sampler-file, or temperature, top-k and
/// top-p in this order (Meta's), or the checkpoint's defaults when no option is given, or greedy. Errors: io
/// and invalidArgument of the file.
StatusOr<std::string> samplerExpression(const SamplingOptions &options, const GenerationDefaults &defaults);

/// A request with everything set but its prompt. The seed is chosen at random when none is given.
StatusOr<GenerateRequest> makeRequest(const SamplingOptions &options, const OpenedModel &opened);

} // namespace cria::cli

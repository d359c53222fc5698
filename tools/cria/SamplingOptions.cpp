// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SamplingOptions.h"

#include "RequestFile.h"
#include "runtime/plugin/SamplerFile.h"
#include "support/Utf8.h"

#include <limits>
#include <random>

namespace cria::cli {
namespace {

void append(std::string &expression, const std::string &stage) {
  expression += expression.empty() ? stage : "|" + stage;
}

std::string chainOf(double temperature, std::optional<int64_t> topK, std::optional<double> topP) {
  if (temperature == 0) {
    return "greedy";
  }
  std::string expression = fmt::format("temperature({})", temperature);
  if (topK.value_or(0) > 0) {
    append(expression, fmt::format("top_k({})", *topK));
  }
  if (topP.value_or(1) < 1) {
    append(expression, fmt::format("top_p({})", *topP));
  }
  return expression;
}

} // namespace

void addSamplingOptions(CLI::App &command, SamplingOptions &options) {
  command
      .add_option("-n,--max-tokens", options.maxTokens,
                  "Generate at most N tokens; default: up to the context")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX));
  CLI::Option *temperature =
      command.add_option("--temperature", options.temperature, "0: always the most likely token")
          ->type_name("T")
          ->check(finiteNumber(0, 100));
  CLI::Option *topK =
      command.add_option("--top-k", options.topK, "Choose among the K most likely tokens; 0: all")
          ->type_name("K")
          ->transform(wholeNumber(0, INT64_MAX));
  CLI::Option *topP =
      command.add_option("--top-p", options.topP, "Choose among tokens that make up this probability")
          ->type_name("P")
          ->check(finiteNumber(0, 1));
  command
      .add_option("--sampler", options.sampler,
                  "Samplers in order, e.g. 'top_k(40)|top_p(0.95)|temperature(0.8)'")
      ->type_name("CHAIN")
      ->excludes(temperature)
      ->excludes(topK)
      ->excludes(topP);
  command
      .add_option("--sampler-file", options.samplerFile,
                  R"(The same as JSON, e.g. [{"name": "top_k", "k": 40}])")
      ->type_name("FILE.json")
      ->excludes(temperature)
      ->excludes(topK)
      ->excludes(topP)
      ->excludes("--sampler");
  command
      .add_option("--grammar", options.grammarFile,
                  "Only answers that this grammar allows (docs/grammars.md); before the chain")
      ->type_name("FILE.gbnf");
  command.add_option("--json-schema", options.schemaFile, "Only answers that fit this JSON Schema")
      ->type_name("FILE.json")
      ->excludes("--grammar");
  command.add_option("--seed", options.seed, "Seed of the random numbers; default: another one each time")
      ->type_name("S")
      ->transform(wholeNumber(0, UINT64_MAX));
  command.add_option("--stop", options.stopTexts, "End before this text (repeatable)")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->take_all();
  command.add_flag("--ignore-eos", options.ignoreEos, "Go on after the end-of-text token");
  command.add_option("--min-tokens", options.minTokens, "No end-of-text token before N tokens")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX));
}

StatusOr<std::string> samplerExpression(const SamplingOptions &options, const GenerationDefaults &defaults) {
  if (!options.samplerFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(const std::string json, readTextFile(options.samplerFile));
    return samplerExpressionOfJson(json, options.samplerFile);
  }
  if (!options.sampler.empty()) {
    return options.sampler;
  }
  if (options.temperature || options.topK || options.topP) {
    return chainOf(options.temperature.value_or(1), options.topK, options.topP);
  }
  const bool samples = defaults.doSample.value_or(false);
  return samples ? chainOf(defaults.temperature.value_or(1), defaults.topK, defaults.topP) : "greedy";
}

StatusOr<GenerateRequest> makeRequest(const SamplingOptions &options, const OpenedModel &opened) {
  for (const std::string &stop : options.stopTexts) {
    if (stop.empty() || utf8::findInvalid(stop) != std::string::npos) {
      return invalidArgument("--stop: expected a text in UTF-8, found {}",
                             stop.empty() ? "an empty one" : "other bytes");
    }
  }
  const GenerationDefaults &defaults = opened.package->chat().generation;
  CRIA_ASSIGN_OR_RETURN(std::string expression, samplerExpression(options, defaults));
  if (!options.grammarFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(const std::string grammar, readTextFile(options.grammarFile));
    expression = fmt::format("grammar({})|{}", quoteText(grammar), expression);
  } else if (!options.schemaFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(const std::string schema, readTextFile(options.schemaFile));
    expression = fmt::format("grammar(json_schema={})|{}", quoteText(schema), expression);
  }
  CRIA_ASSIGN_OR_RETURN(SamplerChain chain,
                        SamplerChain::create(*opened.registry, expression, opened.vocabulary->view()));
  GenerateRequest request;
  request.sampler = std::make_shared<SamplerChain>(std::move(chain));
  request.seed = options.seed ? *options.seed : std::random_device()();
  request.stopTexts = options.stopTexts;
  request.ignoreEos = options.ignoreEos;
  request.minNewTokens = options.minTokens;
  const int64_t limit = defaults.maxNewTokens.value_or(std::numeric_limits<uint32_t>::max());
  request.maxNewTokens = options.maxTokens.value_or(static_cast<uint32_t>(limit));
  return request;
}

} // namespace cria::cli

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SamplingOptions.h"

#include "CommonOptions.h"
#include "RequestFile.h"
#include "frontends/huggingface/StandIns.h"
#include "runtime/plugin/SamplerFile.h"
#include "support/Json.h"

#include <filesystem>

namespace cria::cli {

static void addGrammarOptions(CLI::App &command, SamplingOptions &options) {
  command
      .add_option("--grammar", options.grammarFile, "Restrict the text to this grammar (docs/grammars.md)")
      ->type_name("FILE.gbnf")
      ->check(notEmpty("the name of a file"));
  CLI::Option *schema = command
                            .add_option("--json-schema", options.schemaFile,
                                        "Restrict the text to JSON that matches this schema; see --schema-*")
                            ->type_name("FILE.json")
                            ->check(notEmpty("the name of a file"))
                            ->excludes("--grammar");
  SchemaOptions &reading = options.request.schemaOptions;
  command
      .add_option_function<std::string>(
          "--schema-formats",
          [&reading](const std::string &formats) { reading.exactFormats = formats == "exact"; },
          "Formats of a schema. annotate (default): date, time, date-time and uuid restrict the text, "
          "others do not; exact: every format restricts it or is refused")
      ->type_name("annotate|exact")
      ->check(oneOf({"annotate", "exact"}))
      ->needs(schema);
  command
      .add_flag("--schema-openapi", reading.openApi, "Read nullable in a schema as OpenAPI 3.0 defines it")
      ->needs(schema);
  command
      .add_flag("--schema-open", reading.openObjects,
                "Allow properties that a schema does not declare where it does not forbid them")
      ->needs(schema);
  command
      .add_option("--schema-document", options.schemaDocuments,
                  "A document that the schema may refer to, by this URI; default: the name of the file "
                  "(repeatable)")
      ->type_name("[URI=]FILE.json")
      ->allow_extra_args(false)
      ->take_all()
      ->needs(schema);
}

/// Adds a number that replaces the checkpoint's.
static CLI::Option *addReal(CLI::App &command, std::pair<const char *, std::optional<double> &> option,
                            const std::string &help, CLI::Validator range) {
  return command.add_option(option.first, option.second, help + "; default: the checkpoint's")
      ->type_name("X")
      ->check(std::move(range));
}

/// Adds the options of single samplers, which exclude those of whole chains.
static void addSamplers(CLI::App &command, SamplingOptions &options) {
  RequestOptions &request = options.request;
  constexpr double kMinPenalty = 0.01, kMaxPenalty = 100; // those of the sampler
  CLI::Option *single[] = {
      addReal(command, {"--temperature", request.temperature},
              "Sampling temperature; 0: always the most likely token", finiteNumber(0, 100)),
      command
          .add_option("--top-k", request.topK,
                      "Choose among the K most likely tokens; 0: all; default: the checkpoint's")
          ->type_name("K")
          ->transform(wholeNumber(0, INT64_MAX)),
      addReal(command, {"--top-p", request.topP},
              "Choose among the most likely tokens whose probabilities add up to X", finiteNumber(0, 1)),
      addReal(command, {"--min-p", request.minP},
              "Choose among the tokens at least X times as likely as the most likely one; 0: all",
              finiteNumber(0, 1)),
      addReal(command, {"--typical-p", request.typicalP},
              "Choose among the most typical tokens whose probabilities add up to X", finiteNumber(0, 1)),
      addReal(command, {"--repetition-penalty", request.repetitionPenalty},
              "Make tokens of prompt and text less likely: divide their logits by X; 1: do not",
              finiteNumber(kMinPenalty, kMaxPenalty))};
  CLI::Option *chain = command
                           .add_option("--sampler", request.samplerExpression,
                                       "Samplers, in order, e.g. 'top_k(40)|top_p(0.95)|temperature(0.8)'")
                           ->type_name("CHAIN")
                           ->check(notEmpty("samplers"));
  CLI::Option *file = command
                          .add_option("--sampler-file", options.samplerFile,
                                      R"(A chain of samplers as JSON, e.g. [{"name": "top_k", "k": 40}])")
                          ->type_name("FILE.json")
                          ->check(notEmpty("the name of a file"))
                          ->excludes(chain);
  for (CLI::Option *option : single) {
    chain->excludes(option);
    file->excludes(option);
  }
}

void addSamplingOptions(CLI::App &command, SamplingOptions &options) {
  command
      .add_option("-n,--max-tokens", options.request.maxTokens,
                  "Generate at most N tokens; default: the checkpoint's, or up to the context")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX));
  addSamplers(command, options);
  addGrammarOptions(command, options);
  command
      .add_option(
          "--seed", options.request.seed,
          "Seed of the random numbers; default: chosen at random, once for a whole chat; run reports it")
      ->type_name("S")
      ->transform(wholeNumber(0, UINT64_MAX));
  command
      .add_option("--stop", options.request.stopTexts,
                  "End before this text, or at the special token of this name (repeatable)")
      ->type_name("TEXT")
      ->check(notEmpty("a text at which to end"))
      ->allow_extra_args(false)
      ->take_all();
  command.add_flag(
      "--ignore-eos", options.request.ignoreEos,
      "Nothing but --stop ends the text: no end-of-text token, no end of a turn, no stop text of the "
      "checkpoint; with a grammar, the text ends where nothing else can follow");
  command
      .add_option("--min-tokens", options.request.minTokens,
                  "Nothing ends the text until N tokens are generated; default: the checkpoint's, or 0")
      ->type_name("N")
      ->transform(wholeNumber(0, UINT32_MAX));
}

/// Reads a file of rules. Errors: also unsupported, for the pointer of a large-file store in its place.
static StatusOr<std::string> readRuleFile(const std::string &file) {
  CRIA_ASSIGN_OR_RETURN(std::string text, readTextFile(file, kMaxRuleBytes));
  const std::string_view beginning = std::string_view(text).substr(0, huggingface::kStandInBytes);
  const auto standIn = huggingface::findStandIn(beginning, text.size(), huggingface::FileContent::text);
  return standIn ? StatusOr<std::string>(huggingface::standsIn(file, *standIn))
                 : StatusOr<std::string>(std::move(text));
}

/// Reads documents that are given as FILE or URI=FILE.
static StatusOr<std::map<std::string, std::string>>
readSchemaDocuments(const std::vector<std::string> &arguments) {
  std::map<std::string, std::string> documents;
  for (const std::string &argument : arguments) {
    const size_t equals = argument.rfind('='); // a URI may have one in its query
    const std::string file = equals == argument.npos ? argument : argument.substr(equals + 1);
    const std::string uri = equals == argument.npos ? std::filesystem::path(file).filename().string()
                                                    : argument.substr(0, equals);
    CRIA_ASSIGN_OR_RETURN(std::string text, readRuleFile(file));
    if (!documents.emplace(uri, std::move(text)).second) {
      return invalidArgument("--schema-document: expected one document for a URI, got a second one for "
                             "'{}', '{}'; give it a URI of its own, as URI=FILE",
                             printable(uri), printable(file));
    }
  }
  return documents;
}

/// Reads a grammar or a schema. An empty text would restrict nothing.
static StatusOr<std::string> readRules(const std::string &file, std::string_view what) {
  CRIA_ASSIGN_OR_RETURN(std::string text, readRuleFile(file));
  if (text.empty()) {
    return invalidArgument("{}: expected {}, got an empty file", printable(file), what);
  }
  return text;
}

StatusOr<RequestOptions> requestOptions(const SamplingOptions &options) {
  RequestOptions request = options.request;
  if (!options.samplerFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(const std::string json, readRuleFile(options.samplerFile));
    CRIA_ASSIGN_OR_RETURN(request.samplers, readSamplerJson(json, options.samplerFile));
  }
  if (!options.grammarFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(request.grammar, readRules(options.grammarFile, "a grammar"));
  }
  if (!options.schemaFile.empty()) {
    CRIA_ASSIGN_OR_RETURN(request.jsonSchema, readRules(options.schemaFile, "a JSON Schema"));
    CRIA_ASSIGN_OR_RETURN(request.schemaOptions.documents, readSchemaDocuments(options.schemaDocuments));
  }
  return request;
}

} // namespace cria::cli

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/serve/RequestOptions.h"

#include "support/Json.h"
#include "support/Utf8.h"

#include <algorithm>
#include <limits>
#include <random>

namespace cria {
namespace {

SamplerSpec samplerOf(std::string name, OptionValue value) {
  SamplerSpec spec{.name = std::move(name), .arguments = {}};
  spec.arguments.push_back({.name = {}, .value = std::move(value)});
  return spec;
}

/// Returns a JSON object of the texts, by URI.
StatusOr<std::string> jsonOfDocuments(const std::map<std::string, std::string> &documents) {
  for (const auto &[uri, text] : documents) {
    if (utf8::findInvalid(uri) != uri.npos || utf8::findInvalid(text) != text.npos) {
      return invalidArgument("JSON Schema '{}': expected UTF-8, got other bytes{}", printable(uri),
                             utf8::findInvalid(uri) != uri.npos
                                 ? " in the URI"
                                 : fmt::format(" at offset {}", utf8::findInvalid(text)));
    }
  }
  return Json(documents).dump();
}

StatusOr<SamplerSpec> samplerOfSchema(const std::string &schema, const SchemaOptions &options) {
  SamplerSpec spec = samplerOf("grammar", schema);
  spec.arguments[0].name = "json_schema";
  const auto addFlag = [&](const char *name, bool isSet) {
    if (isSet) {
      spec.arguments.push_back({.name = name, .value = true});
    }
  };
  addFlag("exact_formats", options.exactFormats);
  addFlag("openapi", options.openApi);
  addFlag("open_objects", options.openObjects);
  if (!options.documents.empty()) {
    CRIA_ASSIGN_OR_RETURN(std::string documents, jsonOfDocuments(options.documents));
    spec.arguments.push_back({.name = "schema_documents", .value = std::move(documents)});
  }
  return spec;
}

/// Without end-of-text tokens that may end it anywhere, a text still ends where a grammar has no more.
void endByGrammar(std::vector<SamplerSpec> &specs) {
  for (SamplerSpec &spec : specs) {
    const bool isStated =
        std::ranges::find(spec.arguments, "ends_last", &PluginArgument::name) != spec.arguments.end();
    if (spec.name == "grammar" && !isStated) {
      spec.arguments.push_back({.name = "ends_last", .value = true});
    }
  }
}

/// The samplers of `generate` of transformers, in its order; temperature comes first in Meta's code, too.
std::vector<SamplerSpec> standardSamplers(const GenerationDefaults &values) {
  std::vector<SamplerSpec> specs;
  if (values.repetitionPenalty.value_or(1) != 1) {
    specs.push_back({.name = "penalties",
                     .arguments = {{.name = "last_n", .value = int64_t(-1)},
                                   {.name = "repeat", .value = *values.repetitionPenalty}}});
  }
  if (!values.doSample.value_or(false) || values.temperature.value_or(1) == 0) {
    specs.push_back({.name = "greedy", .arguments = {}});
    return specs;
  }
  specs.push_back(samplerOf("temperature", values.temperature.value_or(1)));
  if (values.topK.value_or(0) > 0) {
    specs.push_back(samplerOf("top_k", *values.topK));
  }
  if (values.topP.value_or(1) < 1) {
    specs.push_back(samplerOf("top_p", *values.topP));
  }
  if (values.minP.value_or(0) > 0) {
    specs.push_back(samplerOf("min_p", *values.minP));
  }
  if (values.typicalP.value_or(1) < 1) {
    specs.push_back(samplerOf("typical_p", *values.typicalP));
  }
  return specs;
}

/// The defaults, with the options that are given in their place. One of those of sampling asks for it.
GenerationDefaults replacedBy(const RequestOptions &options, GenerationDefaults values) {
  const auto replace = [&](auto &value, const auto &given, bool isOfSampling = true) {
    if (given) {
      value = given;
      values.doSample = isOfSampling ? true : values.doSample;
    }
  };
  replace(values.temperature, options.temperature);
  replace(values.topK, options.topK);
  replace(values.topP, options.topP);
  replace(values.minP, options.minP);
  replace(values.typicalP, options.typicalP);
  replace(values.repetitionPenalty, options.repetitionPenalty, false);
  return values;
}

StatusOr<std::vector<SamplerSpec>> chosenSamplers(const RequestOptions &options,
                                                  const GenerationDefaults &defaults) {
  if (!options.samplerExpression.empty()) {
    return parseSamplers(options.samplerExpression);
  }
  if (!options.samplers.empty()) {
    return options.samplers;
  }
  return standardSamplers(replacedBy(options, defaults));
}

template <typename T> Status readNumber(const Json &value, const std::string &name, std::optional<T> &out) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<T>::max()) {
    return invalidArgument("'{}': expected an integer from 0 to {}, got {}", name,
                           std::numeric_limits<T>::max(), describeJson(value));
  }
  out = value.get<T>();
  return {};
}

Status readStops(const Json &value, std::vector<std::string> &out) {
  const bool isText = value.is_string();
  if (!isText && !(value.is_array() && std::all_of(value.begin(), value.end(),
                                                   [](const Json &text) { return text.is_string(); }))) {
    return invalidArgument("'stop': expected a string or an array of strings, got {}", describeJson(value));
  }
  for (const Json &text : value) { // iterates over a string as over one element
    CRIA_RETURN_IF_ERROR(checkStopText(text.get_ref<const std::string &>()).withContext("'stop'"));
    out.push_back(text.get<std::string>());
  }
  return {};
}

Status readMember(const std::string &name, const Json &value, TextRequest &request) {
  if (name == "prompt" && value.is_string()) {
    request.prompt = value.get<std::string>();
    return {};
  }
  if (name == "prompt") {
    return invalidArgument("'prompt': expected a string, got {}", describeJson(value));
  }
  if (name == "max_tokens") {
    return value.is_null() ? Status() : readNumber(value, name, request.options.maxTokens);
  }
  if (name == "seed") {
    return value.is_null() ? Status() : readNumber(value, name, request.options.seed);
  }
  if (name == "stop") {
    return value.is_null() ? Status() : readStops(value, request.options.stopTexts);
  }
  return invalidArgument("unexpected member '{}'; expected prompt, max_tokens, seed or stop",
                         printable(name));
}

} // namespace

StatusOr<std::vector<SamplerSpec>> samplersOf(const RequestOptions &options,
                                              const GenerationDefaults &defaults) {
  CRIA_ASSIGN_OR_RETURN(std::vector<SamplerSpec> specs, chosenSamplers(options, defaults));
  if (!options.jsonSchema.empty()) {
    CRIA_ASSIGN_OR_RETURN(SamplerSpec schema, samplerOfSchema(options.jsonSchema, options.schemaOptions));
    specs.insert(specs.begin(), std::move(schema));
  } else if (!options.grammar.empty()) {
    specs.insert(specs.begin(), samplerOf("grammar", options.grammar));
  }
  if (options.ignoreEos) {
    endByGrammar(specs);
  }
  return specs;
}

Status checkStopText(std::string_view text) {
  if (text.empty()) {
    return invalidArgument("expected a text that is not empty, got ''; leave it out for none");
  }
  const size_t invalid = utf8::findInvalid(text);
  return invalid == text.npos ? Status()
                              : invalidArgument("expected UTF-8, got '{}' with another byte at offset {}",
                                                printable(text), invalid);
}

uint64_t randomSeed() { return std::random_device()(); }

uint64_t seedOfRow(uint64_t seed, uint64_t index) {
  if (index == 0) {
    return seed;
  }
  // The output function of SplitMix64, and 53 bits, which every reader of JSON keeps.
  uint64_t bits = seed + index * 0x9E3779B97F4A7C15;
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
  return (bits ^ bits >> 31) >> 11;
}

StatusOr<TextRequest> readRequestJson(std::string_view json, const RequestOptions &defaults,
                                      std::string_view where) {
  CRIA_ASSIGN_OR_RETURN(const Json object, parseJson(json, where));
  if (!object.is_object() || !object.contains("prompt")) {
    return invalidArgument("{}: expected an object like {{\"prompt\": \"Once\"}}, got {}", where,
                           object.is_object() ? "one without 'prompt'" : describeJson(object));
  }
  TextRequest request{.prompt = {}, .options = defaults};
  for (const auto &[name, value] : object.items()) {
    CRIA_RETURN_IF_ERROR(readMember(name, value, request).withContext(where));
  }
  return request;
}

} // namespace cria

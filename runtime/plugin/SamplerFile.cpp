// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerFile.h"

#include "runtime/plugin/PluginOptions.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cria {

using Json = nlohmann::ordered_json;

static bool isWord(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\n|(),=\"\\") == text.npos;
}

static StatusOr<std::string> optionOf(const std::string &name, const Json &value) {
  if (!isWord(name) || !(value.is_number() || value.is_boolean() || value.is_string())) {
    return invalidArgument("expected option '{}' to be a number, a text, true or false", name);
  }
  return fmt::format("{}={}", name,
                     value.is_string() ? quoteText(value.get_ref<const std::string &>()) : value.dump());
}

static StatusOr<std::string> callOf(const Json &item) {
  if (item.is_string() && isWord(item.get_ref<const std::string &>())) {
    return item.get<std::string>();
  }
  const auto name = item.is_object() ? item.find("name") : item.end();
  if (!item.is_object() || name == item.end() || !name->is_string() ||
      !isWord(name->get_ref<const std::string &>())) {
    return invalidArgument("expected the name of a sampler, or an object with 'name' and its options");
  }
  std::string options;
  for (const auto &[option, value] : item.items()) {
    if (option != "name") {
      CRIA_ASSIGN_OR_RETURN(const std::string text, optionOf(option, value));
      options += (options.empty() ? "" : ", ") + text;
    }
  }
  return name->get<std::string>() + (options.empty() ? "" : "(" + options + ")");
}

StatusOr<std::string> samplerExpressionOfJson(std::string_view json, std::string_view where) {
  Json chain;
  try {
    chain = Json::parse(json);
  } catch (const Json::exception &problem) { // says line and column
    return invalidArgument("{}: {}", where, problem.what());
  }
  if (!chain.is_array() || chain.empty()) {
    return invalidArgument("{}: expected an array of samplers, e.g. [{{\"name\": \"top_k\", \"k\": 40}}]",
                           where);
  }
  std::string expression;
  for (size_t i = 0; i < chain.size(); ++i) {
    StatusOr<std::string> call = callOf(chain[i]);
    CRIA_RETURN_IF_ERROR(call.status().withContext(fmt::format("{}: sampler {}", where, i + 1)));
    expression += (i == 0 ? "" : "|") + *call;
  }
  return expression;
}

} // namespace cria

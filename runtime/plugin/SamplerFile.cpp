// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerFile.h"

#include "support/Json.h"

namespace cria {

static StatusOr<OptionValue> readValue(const std::string &name, const Json &value) {
  if (value.is_string()) {
    return OptionValue(value.get<std::string>());
  }
  if (value.is_boolean()) {
    return OptionValue(value.get<bool>());
  }
  const bool isWide = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t(INT64_MAX);
  if (value.is_number_integer() && !isWide) {
    return OptionValue(value.get<int64_t>());
  }
  if (value.is_number()) {
    return OptionValue(value.get<double>());
  }
  return invalidArgument("expected option '{}' to be a number, a string, true or false, got {}",
                         printable(name), describeJson(value));
}

static StatusOr<SamplerSpec> readSampler(const Json &item) {
  if (item.is_string()) {
    return SamplerSpec{.name = item.get<std::string>(), .arguments = {}};
  }
  const auto name = item.is_object() ? item.find("name") : item.end();
  if (!item.is_object() || name == item.end() || !name->is_string()) {
    return invalidArgument("expected the name of a sampler, or an object with 'name' and its options, got {}",
                           describeJson(item));
  }
  SamplerSpec spec{.name = name->get<std::string>(), .arguments = {}};
  for (const auto &[option, value] : item.items()) {
    if (option.empty()) {
      return invalidArgument("expected the name of an option, got an empty one");
    }
    if (option != "name") {
      CRIA_ASSIGN_OR_RETURN(OptionValue read, readValue(option, value));
      spec.arguments.push_back({.name = option, .value = std::move(read)});
    }
  }
  return spec;
}

StatusOr<std::vector<SamplerSpec>> readSamplerJson(std::string_view json, std::string_view where) {
  CRIA_ASSIGN_OR_RETURN(const Json chain, parseJson(json, where));
  if (!chain.is_array() || chain.empty()) {
    return invalidArgument("{}: expected an array of samplers, e.g. [{{\"name\": \"top_k\", \"k\": 40}}]",
                           where);
  }
  std::vector<SamplerSpec> specs;
  for (size_t i = 0; i < chain.size(); ++i) {
    StatusOr<SamplerSpec> spec = readSampler(chain[i]);
    CRIA_RETURN_IF_ERROR(spec.status().withContext(fmt::format("{}: sampler {}", where, i + 1)));
    specs.push_back(std::move(*spec));
  }
  return specs;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one place that lists the members: their names and the values that samplers accept.
#include "format/GenerationDefaults.h"

#include <algorithm>
#include <array>

namespace cria {

namespace {
struct RealMember {
  const char *name;
  std::optional<double> GenerationDefaults::*value;
  double min, max;
};

constexpr RealMember kReals[] = {{"temperature", &GenerationDefaults::temperature, 0, 100},
                                 {"top_p", &GenerationDefaults::topP, 0, 1},
                                 {"min_p", &GenerationDefaults::minP, 0, 1},
                                 {"typical_p", &GenerationDefaults::typicalP, 0, 1},
                                 {"repetition_penalty", &GenerationDefaults::repetitionPenalty, 0.01, 100}};

struct IntegerMember {
  const char *name;
  std::optional<int64_t> GenerationDefaults::*value;
  int64_t min;
};

constexpr IntegerMember kIntegers[] = {{"top_k", &GenerationDefaults::topK, 0},
                                       {"max_new_tokens", &GenerationDefaults::maxNewTokens, 1},
                                       {"min_new_tokens", &GenerationDefaults::minNewTokens, 0}};

constexpr const char *kDoSample = "do_sample", *kStopTexts = "stop_strings";

/// A text or a list of texts.
Status readStopTexts(JsonObject &object, std::vector<std::string> &texts) {
  const Json &member = *object.find(kStopTexts);
  for (const Json &text : member.is_array() ? member : Json::array({member})) {
    if (!text.is_string() || text.get_ref<const std::string &>().empty()) {
      return object.mismatch(kStopTexts, "a text that is not empty or a list of such texts");
    }
    texts.push_back(text.get<std::string>());
  }
  return {};
}

Status readReal(JsonObject &object, const RealMember &member, std::optional<double> &value) {
  CRIA_ASSIGN_OR_RETURN(const double number, object.number(member.name));
  if (number < member.min || number > member.max) {
    return object.mismatch(member.name, fmt::format("from {} to {}", member.min, member.max));
  }
  value = number;
  return {};
}
} // namespace

std::vector<std::string_view> GenerationDefaults::names() {
  std::vector<std::string_view> names = {kDoSample, kStopTexts};
  for (const RealMember &member : kReals) {
    names.push_back(member.name);
  }
  for (const IntegerMember &member : kIntegers) {
    names.push_back(member.name);
  }
  return names;
}

bool GenerationDefaults::isOfSampling(std::string_view name) {
  constexpr std::array kNames = {"temperature", "top_k", "top_p", "min_p", "typical_p"};
  return std::ranges::find(kNames, name) != kNames.end();
}

Status GenerationDefaults::readMember(JsonObject &object, std::string_view name) {
  if (object.absentOrNull(name)) {
    return {};
  }
  for (const RealMember &member : kReals) {
    if (name == member.name) {
      return readReal(object, member, this->*member.value);
    }
  }
  for (const IntegerMember &member : kIntegers) {
    if (name == member.name) {
      CRIA_ASSIGN_OR_RETURN(this->*member.value, object.integer(name, member.min, INT32_MAX));
      return {};
    }
  }
  if (name == kStopTexts) {
    return readStopTexts(object, stopTexts);
  }
  CRIA_ASSIGN_OR_RETURN(doSample, object.boolean(kDoSample));
  return {};
}

nlohmann::ordered_json GenerationDefaults::toJson() const {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const RealMember &member : kReals) {
    if (this->*member.value) {
      json[member.name] = *(this->*member.value);
    }
  }
  for (const IntegerMember &member : kIntegers) {
    if (this->*member.value) {
      json[member.name] = *(this->*member.value);
    }
  }
  if (doSample) {
    json[kDoSample] = *doSample;
  }
  if (!stopTexts.empty()) {
    json[kStopTexts] = stopTexts;
  }
  return json;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The members are those that the library `tokenizers` 0.23 writes and reads.
#include "frontends/huggingface/TokenizerJson.h"

#include <algorithm>

namespace cria::huggingface {

static constexpr const char *kMark = "\xE2\x96\x81"; // U+2581, which stands for a space

static const Json &stepMember(const Json &object, const char *name) {
  static const Json none;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? none : *found;
}

/// The steps of a sequence; a step by itself is a sequence of one, and null of none.
static std::vector<Json> stepsOf(const Json &value, const char *list) {
  if (value.is_null()) {
    return {};
  }
  const Json &steps = stepMember(value, list);
  return stepMember(value, "type") == "Sequence" && steps.is_array() ? steps.get<std::vector<Json>>()
                                                                     : std::vector<Json>{value};
}

/// The rule of older files: the normalizer puts the mark in front of every text between tokens.
static std::optional<PrefixRule> ruleOfNormalizer(const std::vector<Json> &steps) {
  const Json replaces = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMark}};
  const Json prepends = {{"type", "Prepend"}, {"prepend", kMark}};
  if (steps == std::vector{prepends, replaces}) {
    return PrefixRule::each;
  }
  return steps == std::vector{replaces} ? std::optional(PrefixRule::never) : std::nullopt;
}

static std::optional<PrefixRule> ruleOfMetaspace(const Json &step) {
  const Json &scheme = stepMember(step, "prepend_scheme");
  const bool isMetaspace = stepMember(step, "type") == "Metaspace" &&
                           stepMember(step, "replacement") == kMark && stepMember(step, "split") == false;
  const std::optional<PrefixRule> known =
      scheme.is_string() ? parsePrefixRule(scheme.get<std::string>()) : std::nullopt;
  return isMetaspace ? known : std::nullopt;
}

std::optional<PrefixRule> readPrefixRule(const Json &tokenizer) {
  const std::vector<Json> normalizer = stepsOf(stepMember(tokenizer, "normalizer"), "normalizers");
  const std::vector<Json> preTokenizer = stepsOf(stepMember(tokenizer, "pre_tokenizer"), "pretokenizers");
  if (preTokenizer.empty()) {
    return ruleOfNormalizer(normalizer);
  }
  return normalizer.empty() && preTokenizer.size() == 1 ? ruleOfMetaspace(preTokenizer[0]) : std::nullopt;
}

bool isByteLevel(const Json &tokenizer) {
  for (const char *member : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    if (stepMember(tokenizer, member)
            .dump(-1, ' ', false, Json::error_handler_t::replace)
            .find("\"ByteLevel\"") != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::vector<std::pair<int64_t, std::string>> readVocabulary(const Json &tokenizer) {
  std::vector<std::pair<int64_t, std::string>> pieces;
  const Json &map = stepMember(stepMember(tokenizer, "model"), "vocab");
  if (map.is_object()) { // a list, of Unigram models, has scores
    for (const auto &[piece, id] : map.items()) {
      pieces.emplace_back(id.is_number_integer() ? id.get<int64_t>() : -1, piece);
    }
  }
  return pieces;
}

/// Reads the template for one text: tokens before and after "A".
static Status readTemplate(const Json &processor, const std::string &where, AddedEnds &ends) {
  const Json &single = stepMember(processor, "single");
  std::vector<std::string> before, after;
  bool isBehind = false;
  for (const Json &item : single.is_array() ? single : Json::array()) {
    const Json &id = stepMember(stepMember(item, "SpecialToken"), "id");
    if (id.is_string()) {
      (isBehind ? after : before).push_back(id.get<std::string>());
    }
    isBehind |= item.contains("Sequence");
  }
  if (!isBehind) {
    return invalidArgument("{}: expected 'single' of the template to contain the sequence A, got {}", where,
                           describeJson(single));
  }
  ends.before.insert(ends.before.begin(), before.begin(), before.end());
  ends.after.insert(ends.after.end(), after.begin(), after.end());
  return {};
}

StatusOr<AddedEnds> readAddedEnds(const Json &tokenizer, const std::string &where) {
  AddedEnds ends;
  for (const Json &step : stepsOf(stepMember(tokenizer, "post_processor"), "processors")) {
    const Json &type = stepMember(step, "type");
    if (type == "TemplateProcessing") {
      CRIA_RETURN_IF_ERROR(readTemplate(step, where + ": post_processor", ends));
    } else if (type != "ByteLevel") { // which changes offsets alone
      return error(StatusCode::unsupported,
                   "{}: expected a post_processor of the type TemplateProcessing, got {}", where,
                   describeJson(type));
    }
  }
  return ends;
}

} // namespace cria::huggingface

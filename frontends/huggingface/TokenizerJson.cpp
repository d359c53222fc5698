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

/// The steps that write the mark: for each space; in front of a text; and for a space that begins a text, as
/// SentencePiece does.
static const Json &replaceStep() {
  static const Json step = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMark}};
  return step;
}
static Json prependStep() { return {{"type", "Prepend"}, {"prepend", kMark}}; }
static Json doubleStep() {
  const std::string mark = kMark;
  return {{"type", "Replace"}, {"pattern", {{"Regex", "\\A" + mark}}}, {"content", mark + mark}};
}

/// The rule of older files: the normalizer puts the mark in front of every text between tokens.
static std::optional<PrefixRule> ruleOfNormalizer(const std::vector<Json> &steps) {
  if (steps == std::vector{prependStep(), replaceStep()}) {
    return PrefixRule::each;
  }
  return steps == std::vector{replaceStep()} ? std::optional(PrefixRule::never) : std::nullopt;
}

static std::optional<PrefixRule> ruleOfMetaspace(const Json &step) {
  const Json &scheme = stepMember(step, "prepend_scheme");
  const bool isMetaspace = stepMember(step, "type") == "Metaspace" &&
                           stepMember(step, "replacement") == kMark && stepMember(step, "split") == false;
  const bool isKnown = scheme == "always" || scheme == "first" || scheme == "never";
  return isMetaspace && isKnown ? parsePrefixRule(scheme.get<std::string>()) : std::nullopt;
}

std::optional<PrefixRule> readPrefixRule(const Json &tokenizer) {
  const std::vector<Json> normalizer = stepsOf(stepMember(tokenizer, "normalizer"), "normalizers");
  const std::vector<Json> preTokenizer = stepsOf(stepMember(tokenizer, "pre_tokenizer"), "pretokenizers");
  if (preTokenizer.empty()) {
    return ruleOfNormalizer(normalizer);
  }
  const std::optional<PrefixRule> rule =
      preTokenizer.size() == 1 ? ruleOfMetaspace(preTokenizer[0]) : std::nullopt;
  const bool doubles = normalizer == std::vector{replaceStep(), doubleStep()}; // as version 5 saves
  if (rule == PrefixRule::always && doubles) {
    return PrefixRule::each;
  }
  return normalizer.empty() || normalizer == std::vector{replaceStep()} ? rule : std::nullopt;
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

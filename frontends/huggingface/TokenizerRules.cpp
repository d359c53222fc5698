// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What transformers' AutoTokenizer makes of a folder depends on the class of its tokenizer. Version 5 states
// less than version 4 in tokenizer_config.json, and has other defaults (docs/checkpoints.md has the table).
#include "frontends/huggingface/TokenizerConfig.h"
#include "frontends/huggingface/TokenizerJson.h"

#include <algorithm>
#include <array>

namespace cria::huggingface {

/// A tokenizer.json may do no more than list added tokens.
static bool isTokenizer(const Json &file) {
  return std::ranges::any_of(std::array{"model", "normalizer", "pre_tokenizer", "post_processor"},
                             [&](const char *part) { return file.contains(part); });
}

namespace {

enum class ClassKind {
  llama,
  codeLlama,
  file, // whatever tokenizer.json says; without it, what tokenizer.model and the settings say
};

struct TokenizerClass {
  ClassKind kind;
  std::string name, where; // for messages
};

class RuleReader {
public:
  RuleReader(const TokenizerFiles &files, JsonObject config, std::vector<std::string> &notes)
      : files_(files), config_(std::move(config)), notes_(notes), hasFile_(isTokenizer(files.tokenizer)) {}

  StatusOr<TokenizerRules> read() {
    TokenizerRules rules;
    CRIA_RETURN_IF_ERROR(readClass());
    CRIA_RETURN_IF_ERROR(readPrefix(rules));
    CRIA_RETURN_IF_ERROR(readBos(rules));
    const bool isOfFile = class_.kind == ClassKind::file;
    rules.hasUnknown = !isOfFile;
    rules.ignoresNormalized = isOfFile && !hasFile_;
    rules.replacesSpaces = isOfFile && hasFile_ && !files_.tokenizer.value("normalizer", Json()).is_null();
    return rules;
  }

private:
  Status readClass();
  Status refuse(std::string_view reason) const;
  Status readPrefix(TokenizerRules &rules);
  PrefixRule prefixWithoutLegacy();
  Status readBos(TokenizerRules &rules);
  Status readFileBos(std::optional<bool> stated, TokenizerRules &rules);

  /// nullopt: absent or null.
  StatusOr<std::optional<bool>> flag(const char *name) {
    if (config_.absentOrNull(name)) {
      return std::optional<bool>();
    }
    CRIA_ASSIGN_OR_RETURN(const bool value, config_.boolean(name));
    return std::optional(value);
  }
  template <typename... Values> void note(fmt::format_string<Values...> text, Values &&...values) {
    notes_.push_back(
        fmt::format("{}: {}", config_.where(), fmt::format(text, std::forward<Values>(values)...)));
  }

  const TokenizerFiles &files_;
  JsonObject config_;
  std::vector<std::string> &notes_;
  bool hasFile_; // tokenizer.json
  TokenizerClass class_{};
};

Status RuleReader::refuse(std::string_view reason) const {
  return error(
      StatusCode::unsupported,
      "{}: {}; Cria tokenizes as LLaMA does: if tokenizer.model is the tokenizer of the model, state "
      "\"tokenizer_class\": \"LlamaTokenizer\" in tokenizer_config.json{}",
      class_.where.empty() ? config_.where() : class_.where, reason,
      hasFile_ ? " and remove tokenizer.json" : "");
}

/// tokenizer_config.json goes before config.json.
Status RuleReader::readClass() {
  for (const auto &[json, where] :
       {std::pair(&files_.config, config_.where()), std::pair(&files_.model, files_.where("config.json"))}) {
    CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(*json, where));
    if (class_.name.empty() && !object.absentOrNull("tokenizer_class")) {
      CRIA_ASSIGN_OR_RETURN(class_.name, object.string("tokenizer_class"));
      class_.where = where;
    }
  }
  const std::string base =
      class_.name.substr(0, class_.name.size() - (class_.name.ends_with("Fast") ? 4 : 0));
  const bool isOfFile = base.empty() || base == "PreTrainedTokenizer" || base == "TokenizersBackend";
  class_.kind = base == "LlamaTokenizer"       ? ClassKind::llama
                : base == "CodeLlamaTokenizer" ? ClassKind::codeLlama
                                               : ClassKind::file;
  if (class_.kind == ClassKind::file && !isOfFile) {
    return refuse(
        fmt::format("expected 'tokenizer_class' to be LlamaTokenizer or one that acts as it, got '{}'",
                    printable(class_.name)));
  }
  if (base.empty() && !config_.absentOrNull("auto_map")) {
    return refuse("'auto_map' names code of its own for the tokenizer, which is not run");
  }
  if (class_.kind != ClassKind::codeLlama && isByteLevel(files_.tokenizer)) {
    return refuse("tokenizer.json has a tokenizer of bytes (ByteLevel), which transformers uses");
  }
  return {};
}

/// As version 4, unless version 5 saved the folder, which does not save what `legacy` was.
PrefixRule RuleReader::prefixWithoutLegacy() {
  if (config_.has("backend")) {
    return PrefixRule::first;
  }
  const std::optional<PrefixRule> ofFile = readPrefixRule(files_.tokenizer);
  const bool hasNone = ofFile == PrefixRule::never, isOfFirst = ofFile == PrefixRule::first;
  if (!isOfFirst) {
    note("'legacy' is not stated: {}, as in transformers 4; version 5 takes false",
         hasNone ? "no space stands in front of texts, as tokenizer.json says"
                 : "a space stands in front of every text between tokens");
  }
  return hasNone || isOfFirst ? *ofFile : PrefixRule::always;
}

Status RuleReader::readPrefix(TokenizerRules &rules) {
  CRIA_ASSIGN_OR_RETURN(const std::optional<bool> isLegacy, flag("legacy"));
  CRIA_ASSIGN_OR_RETURN(const std::optional<bool> hasPrefix, flag("add_prefix_space"));
  if (class_.kind == ClassKind::file && hasFile_) {
    const std::optional<PrefixRule> rule = readPrefixRule(files_.tokenizer);
    rules.prefix = rule.value_or(PrefixRule::each);
    return rule
               ? Status()
               : refuse(fmt::format("with the class {} transformers takes the tokenizer from tokenizer.json, "
                                    "whose normalizer and pre-tokenizer are not those of LLaMA",
                                    class_.name.empty() ? "that 'tokenizer_class' does not state"
                                                        : printable(class_.name)));
  }
  if (class_.kind == ClassKind::file) {
    rules.prefix = isLegacy.value_or(true) ? PrefixRule::each : PrefixRule::first;
  } else if (class_.kind == ClassKind::codeLlama || isLegacy == false) {
    rules.prefix = PrefixRule::first;
  } else {
    rules.prefix = isLegacy ? PrefixRule::always : prefixWithoutLegacy();
  }
  if (hasPrefix == false && class_.kind == ClassKind::file) {
    note("'add_prefix_space' = false is not applied without 'tokenizer_class', as in transformers 5");
  } else if (hasPrefix == false) {
    rules.prefix = PrefixRule::never;
  }
  return {};
}

/// The template of tokenizer.json decides, as in transformers 5; in version 4 the setting does.
Status RuleReader::readFileBos(std::optional<bool> stated, TokenizerRules &rules) {
  const std::string where = files_.where("tokenizer.json");
  CRIA_ASSIGN_OR_RETURN(const AddedEnds ends, readAddedEnds(files_.tokenizer, where));
  if (ends.before.size() > 1) {
    return error(StatusCode::unsupported,
                 "{}: expected the post_processor to begin texts with one token, got {}", where,
                 ends.before.size());
  }
  if (!ends.after.empty()) {
    notes_.push_back(
        fmt::format("{}: '{}', which the post_processor puts behind texts, is not applied: the model "
                    "continues a prompt",
                    where, printable(ends.after.front())));
  }
  rules.addsBos = !ends.before.empty();
  if (rules.addsBos) {
    rules.promptBos = ends.before.front();
  }
  if (stated.value_or(true) != rules.addsBos) {
    note("'add_bos_token' {} does not count: prompts begin with {}, as the post_processor of tokenizer.json "
         "says",
         stated ? fmt::format("= {}", *stated) : "is absent and", rules.addsBos ? "BOS" : "no BOS");
  }
  return {};
}

Status RuleReader::readBos(TokenizerRules &rules) {
  CRIA_ASSIGN_OR_RETURN(const std::optional<bool> addsBos, flag("add_bos_token"));
  CRIA_ASSIGN_OR_RETURN(const std::optional<bool> addsEos, flag("add_eos_token"));
  if (hasFile_ && class_.kind != ClassKind::codeLlama) {
    return readFileBos(addsBos, rules);
  }
  const bool isNull = config_.has("add_bos_token") && !addsBos;
  rules.addsBos = addsBos.value_or(!isNull) || hasFile_; // CodeLlamaTokenizer does not read it then
  if (!addsBos && !isNull && class_.kind != ClassKind::codeLlama) {
    note(
        "'add_bos_token' is not stated: prompts begin with BOS, as in transformers 4; version 5 writes none");
  }
  if (addsEos == true) {
    note("'add_eos_token' is not applied: the model continues a prompt");
  }
  return {};
}

} // namespace

StatusOr<TokenizerRules> readTokenizerRules(const TokenizerFiles &files, std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(JsonObject config,
                        JsonObject::of(files.config, files.where("tokenizer_config.json")));
  return RuleReader(files, std::move(config), notes).read();
}

} // namespace cria::huggingface

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ResolveTokens.h"

#include "support/Json.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <set>

namespace cria {

namespace {

class Resolver {
public:
  Resolver(const Tokenizer &base, const ModelConfig &model, std::string_view where,
           std::vector<std::string> &notes)
      : base_(base), model_(model), where_(where), notes_(notes) {}

  /// Adds a token with its id. One that `base_` has as it is, and that has no flags for the text beside it,
  /// is none.
  void add(const AddedToken &token) {
    const auto id = static_cast<int32_t>(token.id);
    const bool isOfBase = token.id < base_.size();
    const bool isSame = isOfBase && base_.piece(id) == token.text;
    const TokenKind kind = base_.kind(id);
    const bool isPlain = !token.stripsLeft && !token.stripsRight && !token.isWord;
    if (isSame &&
        ((token.isSpecial && kind == TokenKind::control && isPlain) || kind == TokenKind::unknown)) {
      return;
    }
    const std::optional<std::string> obstacle = obstacleTo(token);
    if (obstacle) {
      note("the added token '{}' (id {}) is left out: {}", printable(token.text), token.id, *obstacle);
      leftOut_.insert(token.text);
      return;
    }
    if (isOfBase && !isSame) {
      note("the added token '{}' replaces '{}' of the tokenizer at id {}", printable(token.text),
           printable(base_.piece(id)), token.id);
    }
    names_.insert(token.text);
    tokens_.insert(std::ranges::upper_bound(tokens_, token.id, {}, &AddedToken::id), token);
  }

  /// Adds a token without an id: the token of `base_` that has its name, or a new one with the next id. The
  /// control tokens of `base_` have no flags but those that come with an id.
  void addNamed(AddedToken token) {
    if (names_.contains(token.text) || leftOut_.contains(token.text)) {
      return;
    }
    const std::optional<int32_t> known = base_.find(token.text);
    const int64_t last = tokens_.empty() ? -1 : tokens_.back().id;
    token.id = known ? int64_t{*known} : std::max<int64_t>(base_.size(), last + 1);
    if (!known || base_.kind(*known) != TokenKind::control) {
      add(token);
    }
  }

  /// The id of a token by its name; -1 if there is none.
  int64_t idOf(std::string_view name) const {
    const auto found = std::ranges::find(tokens_, name, &AddedToken::text);
    return found != tokens_.end() ? found->id : base_.find(name).value_or(-1);
  }

  std::vector<AddedToken> take() { return std::move(tokens_); }

private:
  std::optional<std::string> obstacleTo(const AddedToken &token) const {
    if (token.id >= model_.vocabSize) {
      return fmt::format("expected an id below the model's vocabulary size of {}", model_.vocabSize);
    }
    if (std::ranges::binary_search(tokens_, token.id, {}, &AddedToken::id)) {
      return "another added token has this id";
    }
    return names_.contains(token.text) ? "another added token has this name" : obstacleOf(token, base_);
  }

  template <typename... Values> void note(fmt::format_string<Values...> text, Values &&...values) {
    notes_.push_back(fmt::format("{}: {}", where_, fmt::format(text, std::forward<Values>(values)...)));
  }

  const Tokenizer &base_;
  const ModelConfig &model_;
  std::string_view where_;
  std::vector<std::string> &notes_;
  std::vector<AddedToken> tokens_; // ascending ids
  std::set<std::string, std::less<>> names_, leftOut_;
};

/// Names of control tokens may be others in the second file, and added tokens may be in it.
void compareVocabulary(const Tokenizer &base, const StatedTokens &stated, std::string_view where,
                       std::vector<std::string> &notes) {
  size_t count = 0;
  const std::pair<int64_t, std::string> *first = nullptr;
  for (const auto &entry : stated.vocabulary) {
    const auto id = static_cast<int32_t>(entry.first);
    const bool isOfBase = entry.first >= 0 && entry.first < base.size();
    const bool isAdded = std::ranges::binary_search(stated.added, entry.first, {}, &AddedToken::id);
    const TokenKind kind = isOfBase ? base.kind(id) : TokenKind::control;
    if (!isAdded && kind != TokenKind::control && kind != TokenKind::unknown &&
        base.piece(id) != entry.second) {
      ++count;
      first = first == nullptr ? &entry : first;
    }
  }
  if (first != nullptr) {
    notes.push_back(fmt::format("{}: pieces differ from those of tokenizer.json, which transformers reads, "
                                "{} of them: id {} is '{}' here "
                                "and '{}' there; ids are those of this file",
                                where, count, first->first,
                                printable(base.piece(static_cast<int32_t>(first->first))),
                                printable(first->second)));
  }
}

/// The id of BOS or EOS.
int64_t statedId(const std::optional<std::string> &name, int32_t ofTokenizer, const Resolver &resolver) {
  return !name ? ofTokenizer : name->empty() ? -1 : resolver.idOf(*name);
}

int64_t chooseBos(const StatedTokens &stated, int64_t tokenizerBos, const ModelConfig &model,
                  std::string_view where, std::vector<std::string> &notes) {
  if (!stated.addsBos) {
    return -1;
  }
  if (tokenizerBos < 0 && !stated.bos && !stated.promptBos) {
    return model.bosId; // the tokenizer knows none
  }
  if (tokenizerBos != model.bosId && model.bosId >= 0) {
    notes.push_back(fmt::format(
        "{}: prompts begin with {}, as the tokenizer states; the configuration of the model states "
        "'bos_token_id' = {}",
        where, tokenizerBos < 0 ? "no BOS" : fmt::format("id {}", tokenizerBos), model.bosId));
  }
  return tokenizerBos;
}

void compareEos(int64_t eosId, const ModelConfig &model, std::string_view where,
                std::vector<std::string> &notes) {
  if (eosId >= 0 && std::ranges::find(model.eosIds, eosId) == model.eosIds.end()) {
    notes.push_back(fmt::format(
        "{}: the tokenizer's EOS (id {}) is not among the ids that end a text for the model ({}); it ends "
        "the answers of a chat, but not the texts of 'cria run'",
        where, eosId, model.eosIds.empty() ? "none" : fmt::format("{}", fmt::join(model.eosIds, ", "))));
  }
}

} // namespace

ResolvedTokens resolveTokens(const Tokenizer &base, const StatedTokens &stated, const ModelConfig &model,
                             std::string_view where, std::vector<std::string> &notes) {
  compareVocabulary(base, stated, where, notes);
  Resolver resolver(base, model, where, notes);
  for (const AddedToken &token : stated.added) {
    resolver.add(token);
  }
  for (const AddedToken &token : stated.special) {
    resolver.addNamed(token);
  }
  ResolvedTokens resolved;
  resolved.bosId =
      chooseBos(stated, statedId(stated.promptBos ? stated.promptBos : stated.bos, base.bosId(), resolver),
                model, where, notes);
  const int64_t eosId = statedId(stated.eos, base.eosId(), resolver);
  compareEos(eosId, model, where, notes);
  resolved.layer = {.tokens = resolver.take(), .eosId = static_cast<int32_t>(eosId), .prefix = stated.prefix};
  return resolved;
}

} // namespace cria

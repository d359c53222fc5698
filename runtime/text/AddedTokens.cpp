// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "support/Utf8.h"

#include <functional>
#include <limits>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace cria {

static constexpr size_t kMaxNameBytes = 4096;

static bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && text.find('\0') == text.npos &&
         utf8::findInvalid(text) == text.npos;
}

namespace {

/// Checks one token after another whether it continues the ids and names before it.
class Continuation {
public:
  explicit Continuation(const Tokenizer &base) : base_(base), nextId_(base.size()) {}

  /// Adds the token, or returns why it cannot follow.
  std::optional<std::string> add(const AddedToken &token) {
    if (token.id != nextId_) {
      return fmt::format("expected {} as the next id", nextId_);
    }
    if (!isName(token.text)) {
      return fmt::format("expected a name of 1 to {} bytes of UTF-8 without NUL", kMaxNameBytes);
    }
    if (base_.find(token.text) || !names_.insert(token.text).second) {
      return "the tokenizer already has this name";
    }
    ++nextId_;
    return std::nullopt;
  }

private:
  const Tokenizer &base_;
  int64_t nextId_;
  std::unordered_set<std::string_view> names_; // views into the tokens
};

} // namespace

std::vector<AddedToken> selectAddedTokens(const Tokenizer &base, std::span<const AddedToken> tokens,
                                          int64_t vocabSize, std::string_view where,
                                          std::vector<std::string> &notes) {
  std::vector<AddedToken> selected;
  Continuation continuation(base);
  for (const AddedToken &token : tokens) {
    if (token.id < base.size()) {
      continue;
    }
    const std::optional<std::string> obstacle =
        token.id >= vocabSize
            ? fmt::format("expected an id below the model's vocabulary size of {}", vocabSize)
            : continuation.add(token);
    if (obstacle) {
      notes.push_back(fmt::format("{}: the added token '{}' (id {}) and those after it are left out: {}",
                                  where, token.text, token.id, *obstacle));
      break;
    }
    selected.push_back(token);
  }
  return selected;
}

namespace {

/// Where an added token stands in a text.
struct Occurrence {
  size_t begin = std::string_view::npos;
  size_t size = 0;
  int32_t id = -1;
};

/// Finds the tokens that text is split at.
class TokenFinder {
public:
  /// `text` outlives the finder.
  void add(std::string_view text, int32_t id) {
    idOfText_.emplace(text, id);
    sizesOfFirstByte_[static_cast<uint8_t>(text.front())].insert(text.size());
  }

  /// The leftmost occurrence from `from` on, the longest of those at the same byte; begin is npos if there is
  /// none.
  Occurrence find(std::string_view text, size_t from) const {
    for (size_t begin = from; begin < text.size(); ++begin) {
      for (const size_t size : sizesOfFirstByte_[static_cast<uint8_t>(text[begin])]) {
        const auto found = idOfText_.find(text.substr(begin, size));
        if (found != idOfText_.end()) {
          return {.begin = begin, .size = found->first.size(), .id = found->second};
        }
      }
    }
    return {};
  }

private:
  std::unordered_map<std::string_view, int32_t> idOfText_;
  std::set<size_t, std::greater<>> sizesOfFirstByte_[256]; // longest first
};

class ExtendedTokenizer final : public Tokenizer {
public:
  ExtendedTokenizer(std::unique_ptr<Tokenizer> base, std::vector<AddedToken> tokens)
      : base_(std::move(base)), tokens_(std::move(tokens)) {
    for (const AddedToken &token : tokens_) {
      idOfName_.emplace(token.text, static_cast<int32_t>(token.id));
      if (!token.isSpecial) {
        finder_.add(token.text, static_cast<int32_t>(token.id));
      }
    }
  }

  int32_t size() const override { return base_->size() + static_cast<int32_t>(tokens_.size()); }
  int32_t bosId() const override { return base_->bosId(); }
  int32_t eosId() const override { return base_->eosId(); }
  int32_t unknownId() const override { return base_->unknownId(); }
  std::string_view textPrefix() const override { return base_->textPrefix(); }

  std::string_view piece(int32_t id) const override {
    const AddedToken *token = added(id);
    return token ? std::string_view(token->text) : base_->piece(id);
  }
  std::string_view surface(int32_t id, TextPosition position) const override {
    const AddedToken *token = added(id);
    return !token ? base_->surface(id, position) : token->isSpecial ? std::string_view() : token->text;
  }
  TokenKind kind(int32_t id) const override {
    const AddedToken *token = added(id);
    return !token ? base_->kind(id) : token->isSpecial ? TokenKind::control : TokenKind::normal;
  }
  std::optional<int32_t> find(std::string_view piece) const override {
    const auto found = idOfName_.find(piece);
    return found == idOfName_.end() ? base_->find(piece) : found->second;
  }

private:
  StatusOr<std::vector<int32_t>> encodeText(std::string_view text, TextPosition position) const override;
  /// Appends the ids that `base_` gives `text`.
  Status append(std::string_view text, TextPosition position, std::vector<int32_t> &ids) const;
  /// The added token with this id; null if there is none.
  const AddedToken *added(int32_t id) const {
    return id >= base_->size() && id < size() ? &tokens_[static_cast<size_t>(id - base_->size())] : nullptr;
  }

  std::unique_ptr<Tokenizer> base_;
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string_view, int32_t> idOfName_; // views into tokens_
  TokenFinder finder_;
};

Status ExtendedTokenizer::append(std::string_view text, TextPosition position,
                                 std::vector<int32_t> &ids) const {
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> more, base_->encode(text, position));
  ids.insert(ids.end(), more.begin(), more.end());
  return {};
}

StatusOr<std::vector<int32_t>> ExtendedTokenizer::encodeText(std::string_view text,
                                                             TextPosition position) const {
  std::vector<int32_t> ids;
  Occurrence next = finder_.find(text, 0);
  if (next.begin == 0 && position == TextPosition::startOfText) {
    // The prefix of the text stands before the token; no text is left that could carry it.
    CRIA_RETURN_IF_ERROR(append(base_->textPrefix(), TextPosition::continuation, ids));
  }
  for (size_t at = 0; at < text.size(); next = finder_.find(text, at)) {
    const std::string_view before = text.substr(at, next.begin - at);
    CRIA_RETURN_IF_ERROR(append(before, at == 0 ? position : TextPosition::continuation, ids));
    if (next.id < 0) {
      break;
    }
    ids.push_back(next.id);
    at = next.begin + next.size;
  }
  return ids;
}

} // namespace

StatusOr<std::unique_ptr<Tokenizer>> withAddedTokens(std::unique_ptr<Tokenizer> base,
                                                     std::vector<AddedToken> tokens) {
  if (tokens.empty()) {
    return base;
  }
  if (tokens.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max() - base->size())) {
    return invalidArgument("expected ids below 2^31, got {} added tokens", tokens.size());
  }
  Continuation continuation(*base);
  for (const AddedToken &token : tokens) {
    if (const std::optional<std::string> obstacle = continuation.add(token)) {
      return invalidArgument("added token '{}' (id {}): {}", token.text, token.id, *obstacle);
    }
  }
  return std::unique_ptr<Tokenizer>(new ExtendedTokenizer(std::move(base), std::move(tokens)));
}

} // namespace cria

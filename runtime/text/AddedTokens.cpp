// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "runtime/text/CutText.h"
#include "runtime/text/TokenFinder.h"
#include "support/Json.h"
#include "support/Utf8.h"

#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace cria {

static constexpr size_t kMaxNameBytes = 4096;

static bool isName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && text.find('\0') == text.npos &&
         utf8::findInvalid(text) == text.npos;
}

/// Whether texts contain the piece of a tokenizer other than by its name: a character, or the mark of a
/// space.
static bool isOrdinary(std::string_view piece) {
  return static_cast<size_t>(utf8::measure(piece)) == piece.size() ||
         piece.find("\xE2\x96\x81") != piece.npos; // U+2581
}

std::optional<std::string> obstacleOf(const AddedToken &token, const Tokenizer &base) {
  if (!isName(token.text)) {
    return fmt::format("expected a name of 1 to {} bytes of UTF-8 without NUL", kMaxNameBytes);
  }
  const std::optional<int32_t> found = base.find(token.text);
  if (found && *found != token.id) {
    return fmt::format("the tokenizer has this name at id {}", *found);
  }
  const TokenKind kind =
      token.id < base.size() ? base.kind(static_cast<int32_t>(token.id)) : TokenKind::unused;
  if (kind == TokenKind::byte || kind == TokenKind::unknown) {
    return "it is the tokenizer's token for a byte or for unknown text";
  }
  const bool isPiece = token.isSpecial && kind == TokenKind::normal;
  if (isPiece && isOrdinary(base.piece(static_cast<int32_t>(token.id)))) {
    return "an ordinary piece of texts cannot be a special token";
  }
  if (isPiece && token.isWord && base.piece(static_cast<int32_t>(token.id)) == token.text) {
    return "a special token that counts as a word alone is an ordinary piece of texts within words";
  }
  return std::nullopt;
}

namespace {

class ExtendedTokenizer final : public Tokenizer {
public:
  ExtendedTokenizer(std::unique_ptr<Tokenizer> base, TokenLayer layer)
      : base_(std::move(base)), layer_(std::move(layer)),
        size_(layer_.tokens.empty()
                  ? base_->size()
                  : std::max(base_->size(), static_cast<int32_t>(layer_.tokens.back().id) + 1)) {
    for (const AddedToken &token : layer_.tokens) {
      addToken(token);
    }
    addControlTokens();
  }

  int32_t size() const override { return size_; }
  int32_t bosId() const override { return base_->bosId(); }
  int32_t eosId() const override { return layer_.eosId; }
  int32_t unknownId() const override { return base_->unknownId(); }
  bool removesLeadingSpaces() const override { return base_->removesLeadingSpaces(); }
  std::string_view textPrefix() const override {
    return layer_.prefix == PrefixRule::never ? std::string_view() : base_->textPrefix();
  }

  std::string_view piece(int32_t id) const override {
    const AddedToken *token = added(id);
    return token ? std::string_view(token->text) : base_->piece(id);
  }
  std::string_view surface(int32_t id, TextPosition position) const override {
    const AddedToken *token = added(id);
    return !token             ? base_->surface(id, startOf(position))
           : token->isSpecial ? std::string_view()
                              : token->text;
  }
  TokenKind kind(int32_t id) const override {
    const AddedToken *token = added(id);
    return !token ? base_->kind(id) : token->isSpecial ? TokenKind::control : TokenKind::normal;
  }
  TokenFlags flags(int32_t id) const override {
    const AddedToken *token = added(id);
    return token ? flagsOf(*token) : base_->flags(id);
  }
  std::optional<int32_t> find(std::string_view piece) const override {
    if (const auto found = idOfName_.find(piece); found != idOfName_.end()) {
      return found->second;
    }
    const std::optional<int32_t> id = base_->find(piece);
    return id && added(*id) ? std::nullopt : id; // a name that is replaced is no name
  }
  std::vector<std::string_view> textTokens() const override;

private:
  StatusOr<std::vector<int32_t>> encodeText(std::string_view text, TextPosition position,
                                            SpecialTokens specials) const override;
  void addToken(const AddedToken &token);
  void addControlTokens();
  /// Appends the ids that `base_` gives `text`, none of which is a special token.
  Status append(std::string_view text, TextPosition position, std::vector<int32_t> &ids) const;
  TextPosition startOf(TextPosition position) const {
    const bool isWhole = layer_.prefix == PrefixRule::each && position == TextPosition::afterToken;
    return layer_.prefix == PrefixRule::never ? TextPosition::continuation
           : isWhole                          ? TextPosition::startOfText
                                              : position;
  }
  /// The added token with this id; null if there is none.
  const AddedToken *added(int32_t id) const {
    const auto found = tokenOfId_.find(id);
    return found == tokenOfId_.end() ? nullptr : found->second;
  }

  std::unique_ptr<Tokenizer> base_;
  TokenLayer layer_;
  int32_t size_;
  std::vector<AddedToken> controls_; // of base_, which texts contain with SpecialTokens::asTokens
  std::vector<std::string> hidden_;  // names of special tokens that base_ could find in a text
  // Pointers to layer_ and controls_, and views of their names.
  std::unordered_map<int32_t, const AddedToken *> tokenOfId_;
  std::unordered_map<std::string_view, int32_t> idOfName_;
  TokenFinder finder_;
};

void ExtendedTokenizer::addToken(const AddedToken &token) {
  const auto id = static_cast<int32_t>(token.id);
  tokenOfId_.emplace(id, &token);
  idOfName_.emplace(token.text, id);
  finder_.add(token);
  if (token.isSpecial && id < base_->size() && base_->kind(id) == TokenKind::normal) {
    hidden_.emplace_back(base_->piece(id));
  }
}

void ExtendedTokenizer::addControlTokens() {
  for (int32_t id = 0; id < base_->size(); ++id) {
    const TokenKind kind = base_->kind(id);
    const bool isControl = kind == TokenKind::control || kind == TokenKind::unknown;
    if (isControl && !added(id) && !base_->piece(id).empty()) {
      controls_.push_back({.id = id, .text = std::string(base_->piece(id)), .isSpecial = true});
    }
  }
  for (const AddedToken &token : controls_) {
    finder_.add(token);
  }
}

std::vector<std::string_view> ExtendedTokenizer::textTokens() const {
  std::vector<std::string_view> names = base_->textTokens();
  std::erase_if(names, [this](std::string_view name) {
    const std::optional<int32_t> id = base_->find(name);
    return id && added(*id);
  });
  for (const AddedToken &token : layer_.tokens) {
    if (!token.isSpecial) {
      names.push_back(token.text);
    }
  }
  return names;
}

Status ExtendedTokenizer::append(std::string_view text, TextPosition position,
                                 std::vector<int32_t> &ids) const {
  for (const std::string_view part : cutAtNames(text, hidden_)) {
    CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> more, base_->encode(part, position));
    ids.insert(ids.end(), more.begin(), more.end());
    position = TextPosition::continuation;
  }
  return {};
}

StatusOr<std::vector<int32_t>> ExtendedTokenizer::encodeText(std::string_view text, TextPosition position,
                                                             SpecialTokens specials) const {
  const bool isOfFirst = layer_.prefix == PrefixRule::first;
  const TextPosition later = startOf(isOfFirst ? TextPosition::continuation : TextPosition::afterToken);
  std::vector<int32_t> ids;
  position = startOf(position);
  for (const TextPart &part : finder_.split(text, specials)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
    } else {
      CRIA_RETURN_IF_ERROR(append(part.text, position, ids));
    }
    position = later;
  }
  return ids;
}

} // namespace

static Status checkLayer(const Tokenizer &base, const TokenLayer &layer) {
  std::unordered_set<std::string_view> names;
  int64_t last = -1;
  for (const AddedToken &token : layer.tokens) {
    if (token.id <= last || token.id >= std::numeric_limits<int32_t>::max()) {
      return invalidArgument("added token '{}': expected an id above {} and below 2^31 - 1, got {}",
                             printable(token.text), last, token.id);
    }
    last = token.id;
    const std::optional<std::string> obstacle = obstacleOf(token, base);
    if (obstacle || !names.insert(token.text).second) {
      return invalidArgument("added token '{}' (id {}): {}", printable(token.text), token.id,
                             obstacle.value_or("another token has this name"));
    }
  }
  return {};
}

StatusOr<std::unique_ptr<Tokenizer>> withAddedTokens(std::unique_ptr<Tokenizer> base, TokenLayer layer) {
  CRIA_RETURN_IF_ERROR(checkLayer(*base, layer));
  return std::unique_ptr<Tokenizer>(new ExtendedTokenizer(std::move(base), std::move(layer)));
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only file that includes SentencePiece. The library encodes normalized texts; names, surfaces and kinds
// come from tables that are filled here.
#include "runtime/text/SentencePieceTokenizer.h"

#include "runtime/text/SentenceModel.h"
#include "runtime/text/SentenceNormalizer.h"

#include <exception>
#include <sentencepiece_processor.h>
#include <unordered_map>

namespace cria {

using Processor = sentencepiece::SentencePieceProcessor;

/// Dependencies of SentencePiece (allocation, tries) may throw.
static Status loadProcessor(Processor &processor, const std::string &model) {
  try {
    const auto status = processor.LoadFromSerializedProto(model);
    return status.ok() ? Status() : invalidArgument("SentencePiece refuses the model: {}", status.ToString());
  } catch (const std::exception &exception) {
    return invalidArgument("SentencePiece refuses the model: {}", exception.what());
  }
}

static TokenKind kindOf(SentenceModel::PieceType type) {
  switch (type) {
  case SentenceModel::PieceType::unknown:
    return TokenKind::unknown;
  case SentenceModel::PieceType::control:
    return TokenKind::control;
  case SentenceModel::PieceType::unused:
    return TokenKind::unused;
  case SentenceModel::PieceType::byte:
    return TokenKind::byte;
  case SentenceModel::PieceType::normal:
  case SentenceModel::PieceType::userDefined:
    break;
  }
  return TokenKind::normal;
}

static std::string replaceSpaceMarks(std::string_view piece) {
  constexpr std::string_view mark = "\xE2\x96\x81"; // U+2581
  std::string result;
  for (size_t at = 0; at < piece.size();) {
    if (piece.substr(at).starts_with(mark)) {
      result += ' ';
      at += mark.size();
    } else {
      result += piece[at++];
    }
  }
  return result;
}

static std::string surfaceOf(const SentenceModel &model, const SentenceModel::Piece &piece) {
  switch (kindOf(piece.type)) {
  case TokenKind::control:
    return "";
  case TokenKind::unknown:
    return model.unknownSurface;
  case TokenKind::byte:
    return std::string(1, static_cast<char>(byteOfPiece(piece.text)));
  case TokenKind::normal:
  case TokenKind::unused:
    break;
  }
  return replaceSpaceMarks(piece.text);
}

namespace {

struct Entry {
  std::string piece;
  std::string surface;
  TokenKind kind = TokenKind::unused;
};

class SentencePieceTokenizer final : public Tokenizer {
public:
  SentencePieceTokenizer(const SentenceModel &model, SentenceNormalizer normalizer);
  /// The library gets normalized texts.
  Status initialize(const SentenceModel &model) {
    return loadProcessor(processor_, model.serialize(/*withNormalization=*/false));
  }

  int32_t size() const override { return static_cast<int32_t>(entries_.size()); }
  int32_t bosId() const override { return bosId_; }
  int32_t eosId() const override { return eosId_; }
  int32_t unknownId() const override { return unknownId_; }
  std::string_view piece(int32_t id) const override { return entry(id).piece; }
  std::string_view surface(int32_t id, TextPosition position) const override;
  TokenKind kind(int32_t id) const override { return entry(id).kind; }
  std::optional<int32_t> find(std::string_view piece) const override;
  std::string_view textPrefix() const override { return addsPrefix_ ? " " : ""; }
  bool removesLeadingSpaces() const override { return removesSpaces_; }
  std::vector<std::string_view> textTokens() const override;

private:
  StatusOr<std::vector<int32_t>> encodeText(std::string_view text, TextPosition position,
                                            SpecialTokens specials) const override;
  TextPosition withoutTokens(TextPosition position, std::string_view text) const;
  void addEntry(const SentenceModel &model, const SentenceModel::Piece &piece);
  int32_t findControl(std::string_view piece) const;
  const Entry &entry(int32_t id) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, int32_t> idOfPiece_; // views into entries_
  std::vector<int32_t> userDefined_;
  int32_t bosId_ = -1;
  int32_t eosId_ = -1;
  int32_t unknownId_ = -1;
  bool addsPrefix_;
  bool removesSpaces_;
  bool stripsSpace_; // of the first piece of a text, when it is decoded
  SentenceNormalizer normalizer_;
  Processor processor_;
};

SentencePieceTokenizer::SentencePieceTokenizer(const SentenceModel &model, SentenceNormalizer normalizer)
    : addsPrefix_(model.addDummyPrefix), removesSpaces_(model.removeExtraWhitespaces),
      stripsSpace_(model.escapeWhitespaces && (model.addDummyPrefix || model.removeExtraWhitespaces)),
      normalizer_(std::move(normalizer)) {
  entries_.reserve(model.pieces.size()); // idOfPiece_ holds views into it
  for (const SentenceModel::Piece &piece : model.pieces) {
    addEntry(model, piece);
  }
  bosId_ = findControl(model.bosPiece);
  eosId_ = findControl(model.eosPiece);
}

void SentencePieceTokenizer::addEntry(const SentenceModel &model, const SentenceModel::Piece &piece) {
  const int32_t id = size();
  entries_.push_back({piece.text, surfaceOf(model, piece), kindOf(piece.type)});
  idOfPiece_.emplace(entries_.back().piece, id);
  if (entries_.back().kind == TokenKind::unknown) {
    unknownId_ = id;
  }
  if (piece.type == SentenceModel::PieceType::userDefined) {
    userDefined_.push_back(id);
  }
}

int32_t SentencePieceTokenizer::findControl(std::string_view piece) const {
  const std::optional<int32_t> id = find(piece);
  return id && kind(*id) == TokenKind::control ? *id : -1;
}

const Entry &SentencePieceTokenizer::entry(int32_t id) const {
  static const Entry outside;
  return id >= 0 && id < size() ? entries_[static_cast<size_t>(id)] : outside;
}

std::string_view SentencePieceTokenizer::surface(int32_t id, TextPosition position) const {
  const Entry &found = entry(id);
  std::string_view bytes = found.surface;
  const bool isPiece = found.kind == TokenKind::normal || found.kind == TokenKind::unused;
  if (position == TextPosition::startOfText && stripsSpace_ && isPiece && bytes.starts_with(' ')) {
    bytes.remove_prefix(1);
  }
  return bytes;
}

std::optional<int32_t> SentencePieceTokenizer::find(std::string_view piece) const {
  const auto found = idOfPiece_.find(piece);
  return found == idOfPiece_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string_view> SentencePieceTokenizer::textTokens() const {
  std::vector<std::string_view> names;
  for (const int32_t id : userDefined_) {
    names.push_back(entry(id).surface);
  }
  return names;
}

/// Where a text after a token stands if it has a space of its own, or the mark that stands for it. A model
/// that normalizes takes each text by itself.
TextPosition SentencePieceTokenizer::withoutTokens(TextPosition position, std::string_view text) const {
  if (position != TextPosition::afterToken) {
    return position;
  }
  const bool hasSpace = text.starts_with(' ') || text.starts_with("\xE2\x96\x81"); // U+2581
  return hasSpace && !normalizer_.changesText() ? TextPosition::continuation : TextPosition::startOfText;
}

StatusOr<std::vector<int32_t>> SentencePieceTokenizer::encodeText(std::string_view text,
                                                                  TextPosition position,
                                                                  SpecialTokens /*specials*/) const {
  CRIA_ASSIGN_OR_RETURN(const std::string normalized,
                        normalizer_.normalize(text, withoutTokens(position, text)));
  std::vector<int> ids;
  try {
    if (const auto status = processor_.Encode(normalized, &ids); !status.ok()) {
      return error(StatusCode::internal, "SentencePiece cannot encode the text: {}", status.ToString());
    }
  } catch (const std::exception &exception) {
    return error(StatusCode::outOfMemory, "SentencePiece cannot encode the text: {}", exception.what());
  }
  return ids;
}

} // namespace

static StatusOr<std::unique_ptr<Tokenizer>> load(std::string_view bytes) {
  CRIA_ASSIGN_OR_RETURN(const SentenceModel model, SentenceModel::parse(bytes));
  CRIA_ASSIGN_OR_RETURN(SentenceNormalizer normalizer, SentenceNormalizer::of(model));
  auto tokenizer = std::make_unique<SentencePieceTokenizer>(model, std::move(normalizer));
  CRIA_RETURN_IF_ERROR(tokenizer->initialize(model));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

StatusOr<std::unique_ptr<Tokenizer>> loadSentencePieceTokenizer(std::string_view model,
                                                                std::string_view where) {
  StatusOr<std::unique_ptr<Tokenizer>> tokenizer = load(model);
  return tokenizer.ok() ? std::move(tokenizer)
                        : tokenizer.status().withContext(fmt::format("tokenizer '{}'", where));
}

} // namespace cria

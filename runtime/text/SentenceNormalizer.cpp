// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows the normalizer of SentencePiece, whose tables and options it reads.
#include "runtime/text/SentenceNormalizer.h"

#include "support/Utf8.h"

#include <algorithm>

namespace cria {

/// Bounds the work of a hostile table, whose replacements may be as long as the file; those of NFKC are at
/// most 11 times as long as the characters.
static constexpr size_t kMaxBytes = size_t{1} << 30;

StatusOr<SentenceNormalizer> SentenceNormalizer::of(const SentenceModel &model) {
  SentenceNormalizer normalizer;
  StatusOr<CharacterMap> map = CharacterMap::parse(model.characterMap);
  CRIA_RETURN_IF_ERROR(map.status().withContext("precompiled_charsmap"));
  normalizer.map_ = std::move(map).value();
  for (const SentenceModel::Piece &piece : model.pieces) {
    if (piece.type == SentenceModel::PieceType::userDefined) {
      normalizer.pieces_.push_back(piece.text);
    }
  }
  std::ranges::sort(normalizer.pieces_);
  normalizer.addsPrefix_ = model.addDummyPrefix;
  normalizer.removesSpaces_ = model.removeExtraWhitespaces;
  normalizer.changesText_ = model.removeExtraWhitespaces || !model.characterMap.empty();
  normalizer.space_ = model.escapeWhitespaces ? "\xE2\x96\x81" : " "; // U+2581
  return normalizer;
}

size_t SentenceNormalizer::measurePiece(std::string_view text) const {
  size_t longest = 0;
  auto first = pieces_.begin(), last = pieces_.end();
  for (size_t i = 0; i < text.size() && first != last; ++i) {
    // Those in [first, last) begin with the i bytes before; narrow them to those that continue with this one.
    const auto byteOf = [i](const std::string &piece) {
      return piece.size() > i ? int{static_cast<uint8_t>(piece[i])} : -1;
    };
    const int byte = static_cast<uint8_t>(text[i]);
    first = std::ranges::lower_bound(first, last, byte, {}, byteOf);
    last = std::ranges::upper_bound(first, last, byte, {}, byteOf);
    longest = first != last && first->size() == i + 1 ? i + 1 : longest;
  }
  return longest;
}

CharacterMap::Match SentenceNormalizer::next(std::string_view text) const {
  if (const size_t size = measurePiece(text)) {
    return {size, text.substr(0, size)};
  }
  if (const std::optional<CharacterMap::Match> match = map_.find(text); match && match->size > 0) {
    return *match;
  }
  const int size = utf8::measure(text);
  if (size <= 0) { // a table of a hostile file replaced a part of a character
    return {1, "\xEF\xBF\xBD"};
  }
  return {static_cast<size_t>(size), text.substr(0, static_cast<size_t>(size))};
}

std::string_view SentenceNormalizer::withoutStart(std::string_view text) const {
  while (!text.empty()) {
    const CharacterMap::Match match = next(text);
    if (match.replacement != " ") {
      break;
    }
    text.remove_prefix(match.size);
  }
  return text;
}

void SentenceNormalizer::append(std::string_view characters, std::string &out) const {
  for (const char character : characters) {
    if (character == ' ') {
      out += space_;
    } else {
      out += character;
    }
  }
}

StatusOr<std::string> SentenceNormalizer::normalize(std::string_view text, TextPosition position) const {
  const bool isStart = position == TextPosition::startOfText;
  text = isStart && removesSpaces_ ? withoutStart(text) : text;
  std::string out;
  if (text.empty()) {
    return out;
  }
  out = isStart && addsPrefix_ ? space_ : std::string_view();
  bool isAfterSpace = isStart && removesSpaces_;
  while (!text.empty()) {
    auto [size, characters] = next(text);
    while (isAfterSpace && characters.starts_with(' ')) {
      characters.remove_prefix(1);
    }
    append(characters, out);
    isAfterSpace = removesSpaces_ && (characters.empty() ? isAfterSpace : characters.ends_with(' '));
    text.remove_prefix(size);
    if (out.size() > kMaxBytes) {
      return invalidArgument(
          "expected a text of at most {} bytes after its characters are replaced; split it", kMaxBytes);
    }
  }
  while (removesSpaces_ && std::string_view(out).ends_with(space_)) {
    out.resize(out.size() - space_.size());
  }
  return out;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encodeSegments(): the ids of a rendered conversation. The tokens that the template writes stand in the
// joined text by the rules of the tokenizer: they take white space beside them, and some are none in a word.
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/CutText.h"
#include "runtime/text/TextSplitter.h"
#include "support/Utf8.h"

#include <algorithm>
#include <functional>

namespace cria {

namespace {

StatusOr<int32_t> specialId(const ChatSegment &segment, const Tokenizer &tokenizer) {
  const bool byPiece = segment.kind == ChatSegment::Kind::special;
  const int32_t id = byPiece ? tokenizer.find(segment.text).value_or(-1) : segment.id;
  const bool isNamed = byPiece && tokenizer.kind(id) == TokenKind::normal;
  if (tokenizer.kind(id) != TokenKind::control && !isNamed) {
    return invalidArgument("the chat template writes the token {}, which the tokenizer does not have; choose "
                           "another template with --chat-template",
                           byPiece ? fmt::format("'{}'", segment.text) : fmt::format("{}", id));
  }
  return id;
}

class JoinedSegments {
public:
  explicit JoinedSegments(const Tokenizer &tokenizer) : tokenizer_(tokenizer) {}

  Status join(std::span<const ChatSegment> segments, std::span<const std::string> markers);
  StatusOr<std::vector<int32_t>> encode() const;

private:
  /// A token that the template writes.
  struct Mark {
    size_t begin, end; // of its name
    int32_t id;
  };
  /// A part of the text, up to the next one.
  struct Piece {
    size_t begin;
    TextPosition position;
    bool isSeparate; // encoded separately from what precedes it
  };

  Status addText(const ChatSegment &segment, bool followsMark, std::span<const std::string> names);
  void addMark(int32_t id, TextPosition position);
  /// Appends the parts of `text`, a part of text_, which the marks of this kind leave.
  void splitAtMarks(std::string_view text, bool isNormalized, std::vector<TextPart> &parts) const;
  std::vector<TextPart> split() const;
  Status append(std::string_view part, bool isAfterToken, std::vector<int32_t> &ids) const;

  const Tokenizer &tokenizer_;
  std::string text_;
  std::vector<Mark> marks_;
  std::vector<Piece> pieces_;
};

/// The position of texts after tokens, which is that of a token's name, too, where the name is text.
TextPosition positionAfterTokens(std::span<const ChatSegment> segments) {
  for (size_t i = 1; i < segments.size(); ++i) {
    if (segments[i].kind == ChatSegment::Kind::text && segments[i - 1].kind != ChatSegment::Kind::text) {
      return segments[i].position;
    }
  }
  return TextPosition::startOfText;
}

Status JoinedSegments::join(std::span<const ChatSegment> segments, std::span<const std::string> markers) {
  std::vector<int32_t> ids;
  std::vector<std::string> names(markers.begin(), markers.end()); // of tokens that texts do not contain
  for (const ChatSegment &segment : segments) {
    if (segment.kind != ChatSegment::Kind::text) {
      CRIA_ASSIGN_OR_RETURN(ids.emplace_back(), specialId(segment, tokenizer_));
      if (tokenizer_.kind(ids.back()) == TokenKind::normal) {
        names.emplace_back(tokenizer_.piece(ids.back()));
      }
    }
  }
  const TextPosition afterTokens = positionAfterTokens(segments);
  auto id = ids.begin();
  bool followsMark = false;
  for (const ChatSegment &segment : segments) {
    if (segment.kind == ChatSegment::Kind::text) {
      CRIA_RETURN_IF_ERROR(addText(segment, followsMark, names));
    } else {
      addMark(*id++, text_.empty() ? TextPosition::startOfText : afterTokens);
    }
    followsMark = segment.kind != ChatSegment::Kind::text;
  }
  return {};
}

/// A text is cut so that no piece of it contains the name of a mark.
Status JoinedSegments::addText(const ChatSegment &segment, bool followsMark,
                               std::span<const std::string> names) {
  if (utf8::findInvalid(segment.text) != std::string::npos) {
    return tokenizer_.encode(segment.text).status();
  }
  Piece piece{.begin = text_.size(), .position = segment.position, .isSeparate = !followsMark};
  for (const std::string_view part : cutAtNames(segment.text, names)) {
    pieces_.push_back(piece);
    text_ += part;
    piece = {.begin = text_.size(), .position = TextPosition::continuation, .isSeparate = true};
  }
  return {};
}

void JoinedSegments::addMark(int32_t id, TextPosition position) {
  const std::string_view name = tokenizer_.piece(id);
  const size_t begin = text_.size();
  text_ += name.empty() ? "<>" : name; // a token without a name is neither white space nor part of a word
  marks_.push_back({begin, text_.size(), id});
  pieces_.push_back({begin, position, false});
}

void JoinedSegments::splitAtMarks(std::string_view text, bool isNormalized,
                                  std::vector<TextPart> &parts) const {
  TextSplitter splitter(text, parts);
  const auto offset = static_cast<size_t>(text.data() - text_.data());
  const auto first = std::ranges::lower_bound(marks_, offset, {}, &Mark::begin);
  for (auto mark = first; mark != marks_.end() && mark->end <= offset + text.size(); ++mark) {
    const TokenFlags flags = tokenizer_.flags(mark->id);
    const size_t begin = mark->begin - offset, end = mark->end - offset;
    if (flags.isNormalized == isNormalized && !(flags.isWord && touchesWord(text, begin, end))) {
      splitter.take(begin, end, mark->id, flags);
    }
  }
  splitter.finish();
}

std::vector<TextPart> JoinedSegments::split() const {
  std::vector<TextPart> parts, result;
  splitAtMarks(text_, false, parts);
  for (const TextPart &part : parts) {
    if (part.id >= 0) {
      result.push_back(part);
    } else {
      splitAtMarks(part.text, true, result);
    }
  }
  return result;
}

Status JoinedSegments::append(std::string_view part, bool isAfterToken, std::vector<int32_t> &ids) const {
  auto at = static_cast<size_t>(part.data() - text_.data());
  const size_t end = at + part.size();
  auto piece = std::prev(std::ranges::upper_bound(pieces_, at, {}, &Piece::begin));
  TextPosition position = isAfterToken && piece->position == TextPosition::startOfText
                              ? TextPosition::afterToken
                              : piece->position;
  while (at < end) {
    piece = std::find_if(std::next(piece), pieces_.end(), std::mem_fn(&Piece::isSeparate));
    const size_t next = piece == pieces_.end() ? end : std::min(piece->begin, end);
    CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> more,
                          tokenizer_.encode(std::string_view(text_).substr(at, next - at), position));
    ids.insert(ids.end(), more.begin(), more.end());
    at = next;
    position = at < end ? piece->position : position;
  }
  return {};
}

StatusOr<std::vector<int32_t>> JoinedSegments::encode() const {
  std::vector<int32_t> ids;
  bool isAfterToken = false;
  for (const TextPart &part : split()) {
    if (part.id >= 0) {
      ids.push_back(part.id);
    } else {
      CRIA_RETURN_IF_ERROR(append(part.text, isAfterToken, ids));
    }
    isAfterToken = part.id >= 0;
  }
  return ids;
}

} // namespace

StatusOr<std::vector<int32_t>> encodeSegments(std::span<const ChatSegment> segments,
                                              const Tokenizer &tokenizer,
                                              std::span<const std::string> markers) {
  JoinedSegments joined(tokenizer);
  CRIA_RETURN_IF_ERROR(joined.join(segments, markers));
  return joined.encode();
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SentenceNormalizer: what a SentencePiece model does to a text before it looks for pieces. Cria does it in
// place of SentencePiece because it also knows texts that continue another one.
#pragma once

#include "runtime/text/CharacterMap.h"
#include "runtime/text/SentenceModel.h"
#include "runtime/text/Tokenizer.h"

namespace cria {

class SentenceNormalizer {
public:
  /// Errors: invalidArgument for a damaged table of characters.
  static StatusOr<SentenceNormalizer> of(const SentenceModel &model);

  /// Replaces characters, except within user-defined pieces; removes spaces at the ends and repeated ones if
  /// the model says so; puts the prefix in front; and writes spaces as their marks. A text at
  /// TextPosition::continuation has no prefix and keeps one space at its start. Errors: invalidArgument if
  /// the result is too long.
  StatusOr<std::string> normalize(std::string_view text, TextPosition position) const;

  /// Whether it replaces characters or removes spaces.
  bool changesText() const { return changesText_; }

private:
  /// What the beginning of a text becomes.
  CharacterMap::Match next(std::string_view text) const;
  /// The size of the longest user-defined piece that `text` begins with; 0 if there is none.
  size_t measurePiece(std::string_view text) const;
  std::string_view withoutStart(std::string_view text) const;
  void append(std::string_view characters, std::string &out) const;

  CharacterMap map_;
  std::vector<std::string> pieces_; // user-defined, sorted
  bool addsPrefix_ = true;
  bool removesSpaces_ = true;
  bool changesText_ = true;
  std::string_view space_; // what a space is written as
};

} // namespace cria

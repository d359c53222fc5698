// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SentenceModel: the fields of a SentencePiece model file that matter for encoding, checked. A file that is
// serialized from these fields alone is safe to pass to SentencePiece, whatever the original file held. The
// reader is our own because SentencePiece does not export the schema of its files.
#pragma once

#include "support/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace cria {

struct SentenceModel {
  /// The values are those of the file.
  enum class PieceType : uint32_t {
    normal = 1,
    unknown = 2,
    control = 3,
    userDefined = 4,
    unused = 5,
    byte = 6
  };
  enum class ModelType : uint32_t { unigram = 1, bpe = 2 };

  struct Piece {
    std::string text;
    float score = 0;
    PieceType type = PieceType::normal;
  };

  std::vector<Piece> pieces;
  ModelType modelType = ModelType::unigram; // the file's default
  bool byteFallback = false;
  bool addDummyPrefix = true;
  bool removeExtraWhitespaces = true;
  bool escapeWhitespaces = true; // spaces of a text are U+2581 in pieces
  std::string characterMap;      // precompiled_charsmap; empty: replaces nothing
  std::string unknownPiece = "<unk>";
  std::string bosPiece = "<s>";
  std::string eosPiece = "</s>";
  std::string padPiece = "<pad>";
  std::string unknownSurface = " \xE2\x81\x87 "; // " ⁇ "

  /// Limits that are far above any vocabulary in use (256,000 pieces, 4 MB) and bound the memory that a
  /// hostile file takes.
  static constexpr size_t kMaxFileBytes = size_t{64} << 20;
  static constexpr size_t kMaxPieces = size_t{1} << 20;
  static constexpr size_t kMaxPieceBytes = 4096;

  /// Reads and checks a model file. Errors: invalidArgument if it is damaged or contradicts itself;
  /// unsupported for a model type or a kind of text that is not implemented.
  static StatusOr<SentenceModel> parse(std::string_view file);

  /// Returns a model file with these fields and no others. Without normalization, the model takes a text as
  /// it is, but for spaces.
  std::string serialize(bool withNormalization = true) const;
};

/// Returns the value of a byte piece "<0xHH>" with upper-case digits, or -1 for any other name.
int byteOfPiece(std::string_view piece);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SentenceModel: the fields of a SentencePiece model file that matter for encoding, checked. Serialized again
// from these fields alone it is safe to hand to SentencePiece, whatever the original file held.
#pragma once

#include "support/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace cria {

struct SentenceModel {
  /// Values as in the file.
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
  std::string unknownPiece = "<unk>";
  std::string bosPiece = "<s>";
  std::string eosPiece = "</s>";
  std::string padPiece = "<pad>";
  std::string unknownSurface = " \xE2\x81\x87 "; // " ⁇ "

  /// Far above any vocabulary in use (256,000 pieces, 4 MB), far below what would hurt.
  static constexpr size_t kMaxFileBytes = size_t{64} << 20;

  static constexpr size_t kMaxPieces = size_t{1} << 20;
  static constexpr size_t kMaxPieceBytes = 4096;
  /// Whether a piece may be called so.
  static bool isPieceText(std::string_view text);

  /// Reads and checks a model file. Errors: invalidArgument (damaged or contradictory), unsupported (a kind
  /// of model or a normalization that is not done here).
  static StatusOr<SentenceModel> parse(std::string_view file);

  /// A model file with these fields and no others.
  std::string serialize(bool withDummyPrefix) const;
};

/// The value of a byte piece "<0xHH>", or -1. Exactly six characters, upper-case digits.
int byteOfPiece(std::string_view piece);

} // namespace cria

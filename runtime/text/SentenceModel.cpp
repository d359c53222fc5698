// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Field numbers are those of SentencePiece's published model format. As protocol buffers require, repeated
// occurrences of a message are merged, the last value of a field wins, and unknown fields are skipped.
#include "runtime/text/SentenceModel.h"

#include "runtime/text/ProtoReader.h"
#include "support/Utf8.h"

#include <bit>
#include <cmath>
#include <unordered_set>

namespace cria {

using PieceType = SentenceModel::PieceType;

static constexpr size_t kMaxPieces = SentenceModel::kMaxPieces;
static constexpr size_t kMaxPieceBytes = SentenceModel::kMaxPieceBytes;

static Status expectType(const ProtoField &field, ProtoField::Type type, std::string_view name) {
  if (field.type != type) {
    return invalidArgument("{}: expected wire type {}, got {}", name, static_cast<uint32_t>(type),
                           static_cast<uint32_t>(field.type));
  }
  return {};
}

static Status readFlag(const ProtoField &field, std::string_view name, bool &out) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::varint, name));
  out = field.integer != 0;
  return {};
}

static bool isText(std::string_view bytes) {
  return bytes.size() <= kMaxPieceBytes && utf8::findInvalid(bytes) == std::string_view::npos &&
         bytes.find('\0') == std::string_view::npos;
}

static Status readText(const ProtoField &field, std::string_view name, std::string &out) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::bytes, name));
  if (!isText(field.bytes)) {
    return invalidArgument("{}: expected UTF-8 of at most {} bytes without NUL", name, kMaxPieceBytes);
  }
  out = field.bytes;
  return {};
}

static Status readPieceType(const ProtoField &field, PieceType &out) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::varint, "type"));
  if (field.integer < 1 || field.integer > 6) {
    return invalidArgument("type: expected 1 to 6, got {}", field.integer);
  }
  out = static_cast<PieceType>(field.integer);
  return {};
}

static Status readScore(const ProtoField &field, float &out) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::fixed32, "score"));
  out = std::bit_cast<float>(static_cast<uint32_t>(field.integer));
  return std::isfinite(out) ? Status() : invalidArgument("score: expected a finite number");
}

static Status readPiece(std::string_view message, SentenceModel::Piece &piece) {
  ProtoReader reader(message);
  while (!reader.atEnd()) {
    CRIA_ASSIGN_OR_RETURN(const ProtoField field, reader.next());
    switch (field.number) {
    case 1:
      CRIA_RETURN_IF_ERROR(readText(field, "text", piece.text));
      break;
    case 2:
      CRIA_RETURN_IF_ERROR(readScore(field, piece.score));
      break;
    case 3:
      CRIA_RETURN_IF_ERROR(readPieceType(field, piece.type));
      break;
    default:
      break;
    }
  }
  return piece.text.empty() ? invalidArgument("text: expected at least one byte") : Status();
}

static Status readModelType(const ProtoField &field, SentenceModel &model) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::varint, "model_type"));
  if (field.integer != 1 && field.integer != 2) {
    return error(StatusCode::unsupported, "model_type: expected 1 (unigram) or 2 (BPE), got {}",
                 field.integer);
  }
  model.modelType = static_cast<SentenceModel::ModelType>(field.integer);
  return {};
}

static Status refuseSuffix(const ProtoField &field) {
  bool suffix = false;
  CRIA_RETURN_IF_ERROR(readFlag(field, "treat_whitespace_as_suffix", suffix));
  return suffix ? error(StatusCode::unsupported,
                        "treat_whitespace_as_suffix: expected 0 (whitespace before words), got 1")
                : Status();
}

static Status readTrainerField(const ProtoField &field, SentenceModel &model) {
  switch (field.number) {
  case 3:
    return readModelType(field, model);
  case 24:
    return refuseSuffix(field);
  case 35:
    return readFlag(field, "byte_fallback", model.byteFallback);
  case 44:
    return readText(field, "unk_surface", model.unknownSurface);
  case 45:
    return readText(field, "unk_piece", model.unknownPiece);
  case 46:
    return readText(field, "bos_piece", model.bosPiece);
  case 47:
    return readText(field, "eos_piece", model.eosPiece);
  case 48:
    return readText(field, "pad_piece", model.padPiece);
  default:
    return {};
  }
}

static Status readNormalizerField(const ProtoField &field, SentenceModel &model) {
  switch (field.number) {
  case 2:
    CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::bytes, "precompiled_charsmap"));
    model.characterMap = field.bytes;
    return {};
  case 3:
    return readFlag(field, "add_dummy_prefix", model.addDummyPrefix);
  case 4:
    return readFlag(field, "remove_extra_whitespaces", model.removeExtraWhitespaces);
  case 5:
    return readFlag(field, "escape_whitespaces", model.escapeWhitespaces);
  default:
    return {};
  }
}

/// Models of texts whose characters are replaced when they are decoded are not known.
static Status readDenormalizerField(const ProtoField &field, SentenceModel &) {
  if (field.number == 2 && !field.bytes.empty()) {
    return error(StatusCode::unsupported,
                 "precompiled_charsmap: expected a model that decodes texts as its pieces have them, got a "
                 "table of {} bytes; train the model without denormalization_rule_tsv",
                 field.bytes.size());
  }
  return {};
}

template <typename ReadField>
static Status readMessage(const ProtoField &field, std::string_view name, SentenceModel &model,
                          ReadField readField) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::bytes, name));
  ProtoReader reader(field.bytes);
  while (!reader.atEnd()) {
    StatusOr<ProtoField> inner = reader.next();
    Status status = inner.ok() ? readField(*inner, model) : inner.status();
    if (!status.ok()) {
      return status.withContext(name);
    }
  }
  return {};
}

static Status addPiece(const ProtoField &field, SentenceModel &model) {
  CRIA_RETURN_IF_ERROR(expectType(field, ProtoField::Type::bytes, "pieces"));
  if (model.pieces.size() == kMaxPieces) {
    return invalidArgument("pieces: expected at most {}", kMaxPieces);
  }
  SentenceModel::Piece piece;
  CRIA_RETURN_IF_ERROR(
      readPiece(field.bytes, piece).withContext(fmt::format("piece {}", model.pieces.size())));
  model.pieces.push_back(std::move(piece));
  return {};
}

static Status readModelField(const ProtoField &field, SentenceModel &model) {
  switch (field.number) {
  case 1:
    return addPiece(field, model);
  case 2:
    return readMessage(field, "trainer_spec", model, readTrainerField);
  case 3:
    return readMessage(field, "normalizer_spec", model, readNormalizerField);
  case 5:
    return readMessage(field, "denormalizer_spec", model, readDenormalizerField);
  default:
    return {};
  }
}

int byteOfPiece(std::string_view piece) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') {
    return -1;
  }
  const size_t high = digits.find(piece[3]);
  const size_t low = digits.find(piece[4]);
  return high == digits.npos || low == digits.npos ? -1 : static_cast<int>(high * 16 + low);
}

/// Checks what the type of a piece requires of it and of the model.
static Status checkPiece(const SentenceModel &model, size_t id, size_t &numBytes, size_t &numUnknown) {
  const SentenceModel::Piece &piece = model.pieces[id];
  if (piece.type == PieceType::byte) {
    ++numBytes;
    if (!model.byteFallback || byteOfPiece(piece.text) < 0) {
      return invalidArgument(
          "piece {} ('{}'): expected byte_fallback and a name such as <0x0A> for a byte piece", id,
          piece.text);
    }
  }
  if (piece.type == PieceType::unknown) {
    ++numUnknown;
  }
  return {};
}

static Status checkModel(const SentenceModel &model) {
  std::unordered_set<std::string_view> seen;
  size_t numBytes = 0;
  size_t numUnknown = 0;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    CRIA_RETURN_IF_ERROR(checkPiece(model, id, numBytes, numUnknown));
    if (!seen.insert(model.pieces[id].text).second) {
      return invalidArgument("piece {} ('{}'): the name occurs twice", id, model.pieces[id].text);
    }
  }
  if (numUnknown != 1) {
    return invalidArgument("expected exactly one unknown piece, got {}", numUnknown);
  }
  if (model.byteFallback && numBytes != 256) {
    return invalidArgument("expected 256 byte pieces with byte_fallback, got {}", numBytes);
  }
  return {};
}

StatusOr<SentenceModel> SentenceModel::parse(std::string_view file) {
  if (file.size() > kMaxFileBytes) {
    return invalidArgument("expected a tokenizer model of at most {} bytes, got {}", kMaxFileBytes,
                           file.size());
  }
  SentenceModel model;
  ProtoReader reader(file);
  while (!reader.atEnd()) {
    CRIA_ASSIGN_OR_RETURN(const ProtoField field, reader.next());
    CRIA_RETURN_IF_ERROR(readModelField(field, model));
  }
  if (model.pieces.empty()) {
    return invalidArgument("expected a SentencePiece model, got a file without pieces");
  }
  CRIA_RETURN_IF_ERROR(checkModel(model));
  return model;
}

static void putVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>(value | 0x80);
  }
  out += static_cast<char>(value);
}

static void putInteger(std::string &out, uint32_t number, uint64_t value) {
  putVarint(out, uint64_t{number} << 3);
  putVarint(out, value);
}

static void putBytes(std::string &out, uint32_t number, std::string_view bytes) {
  putVarint(out, uint64_t{number} << 3 | 2);
  putVarint(out, bytes.size());
  out += bytes;
}

static void putFloat(std::string &out, uint32_t number, float value) {
  putVarint(out, uint64_t{number} << 3 | 5);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(bits >> shift);
  }
}

std::string SentenceModel::serialize(bool withNormalization) const {
  std::string out;
  for (const Piece &piece : pieces) {
    std::string message;
    putBytes(message, 1, piece.text);
    putFloat(message, 2, piece.score);
    putInteger(message, 3, static_cast<uint32_t>(piece.type));
    putBytes(out, 1, message);
  }
  std::string trainer;
  putInteger(trainer, 3, static_cast<uint32_t>(modelType));
  putInteger(trainer, 35, byteFallback ? 1 : 0);
  putBytes(trainer, 44, unknownSurface);
  putBytes(trainer, 45, unknownPiece);
  putBytes(trainer, 46, bosPiece);
  putBytes(trainer, 47, eosPiece);
  putBytes(trainer, 48, padPiece);
  putBytes(out, 2, trainer);
  std::string normalizer;
  putBytes(normalizer, 1, withNormalization && !characterMap.empty() ? "user_defined" : "identity");
  if (withNormalization) {
    putBytes(normalizer, 2, characterMap);
  }
  putInteger(normalizer, 3, withNormalization && addDummyPrefix ? 1 : 0);
  putInteger(normalizer, 4, withNormalization && removeExtraWhitespaces ? 1 : 0);
  putInteger(normalizer, 5, escapeWhitespaces ? 1 : 0);
  putBytes(out, 3, normalizer);
  return out;
}

} // namespace cria

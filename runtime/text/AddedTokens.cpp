// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/AddedTokens.h"

#include "runtime/text/SentenceModel.h"

#include <unordered_set>

namespace cria {

// A piece within text has "▁" for a space; a control piece is only ever looked up by its name.
static SentenceModel::Piece pieceOf(const AddedToken &token) {
  SentenceModel::Piece piece{.text = {}, .type = SentenceModel::PieceType::control};
  if (token.isSpecial) {
    piece.text = token.text;
    return piece;
  }
  piece.type = SentenceModel::PieceType::userDefined;
  for (const char c : token.text) {
    piece.text += c == ' ' ? std::string("\xE2\x96\x81") : std::string(1, c);
  }
  return piece;
}

/// "" or why `token` cannot be the model's next piece.
static std::string obstacle(const AddedToken &token, const SentenceModel &model, int64_t vocabSize,
                            const std::unordered_set<std::string> &names) {
  const auto next = static_cast<int64_t>(model.pieces.size());
  if (token.id >= vocabSize) {
    return fmt::format("the model's {} ids end before it", vocabSize);
  }
  if (token.id != next) {
    return fmt::format("expected {} as the next id", next);
  }
  if (names.contains(pieceOf(token).text)) {
    return "the name is there already";
  }
  return SentenceModel::isPieceText(token.text)
             ? ""
             : fmt::format("expected a name of 1 to {} bytes UTF-8 without NUL",
                           SentenceModel::kMaxPieceBytes);
}

StatusOr<std::string> withAddedTokens(std::string_view file, std::span<const AddedToken> tokens,
                                      int64_t vocabSize, std::string_view where,
                                      std::vector<std::string> &notes) {
  StatusOr<SentenceModel> model = SentenceModel::parse(file);
  if (!model.ok()) {
    return model.status().withContext(where);
  }
  const size_t size = model->pieces.size();
  std::unordered_set<std::string> names;
  for (const SentenceModel::Piece &piece : model->pieces) {
    names.insert(piece.text);
  }
  for (const AddedToken &token : tokens) {
    if (token.id < static_cast<int64_t>(size)) {
      continue; // the base model's own
    }
    if (const std::string reason = obstacle(token, *model, vocabSize, names); !reason.empty()) {
      notes.push_back(fmt::format("{}: the added token '{}' (id {}) and those after it are left out: {}",
                                  where, token.text, token.id, reason));
      break;
    }
    model->pieces.push_back(pieceOf(token));
    names.insert(model->pieces.back().text);
  }
  return model->pieces.size() == size ? std::string(file) : model->serialize(model->addDummyPrefix);
}

} // namespace cria

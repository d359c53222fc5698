// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a SentencePiece model. A model that loads encodes and decodes without a crash.
#include "runtime/text/SentenceModel.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tests/fuzz/FuzzTarget.h"

#include <cstdlib>

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const auto tokenizer =
      loadTokenizer(kSentencePieceKind, {reinterpret_cast<const char *>(data), size}, "fuzz");
  if (!tokenizer.ok()) {
    return 0;
  }
  for (const TextPosition position : {TextPosition::startOfText, TextPosition::continuation}) {
    const auto ids = (*tokenizer)->encode("ab <s> \xE2\x96\x81 \xF0\x9F\x98\x80", position);
    if (ids.ok()) {
      for (const int32_t id : *ids) {
        if ((*tokenizer)->kind(id) == TokenKind::control) {
          abort(); // text became a control token
        }
      }
      (*tokenizer)->decode(*ids, position);
    }
  }
  return 0;
}

static std::string seed(SentenceModel::ModelType type, bool byteFallback) {
  using PieceType = SentenceModel::PieceType;
  SentenceModel model;
  model.modelType = type;
  model.byteFallback = byteFallback;
  model.pieces = {{"<unk>", 0, PieceType::unknown},   {"<s>", 0, PieceType::control},
                  {"</s>", 0, PieceType::control},    {"a", -1, PieceType::normal},
                  {"b", -2, PieceType::normal},       {"\xE2\x96\x81", -3, PieceType::normal},
                  {"ab", 0, PieceType::normal},       {"b ", 0, PieceType::unused},
                  {"<s>a", 0, PieceType::userDefined}};
  for (int byte = 0; byteFallback && byte < 256; ++byte) {
    model.pieces.push_back({fmt::format("<0x{:02X}>", byte), 0, PieceType::byte});
  }
  return model.serialize(true);
}

std::vector<std::string> fuzzSeeds() {
  return {seed(SentenceModel::ModelType::bpe, false), seed(SentenceModel::ModelType::unigram, false),
          seed(SentenceModel::ModelType::bpe, true)};
}

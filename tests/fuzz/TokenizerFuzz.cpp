// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a SentencePiece model. A model that loads encodes and decodes without a crash,
// alone and below a layer of added tokens.
#include "runtime/text/ResolveTokens.h"
#include "runtime/text/SentenceModel.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

#include <cstdlib>

using namespace cria;

static void use(const Tokenizer &tokenizer) {
  for (const TextPosition position : {TextPosition::startOfText, TextPosition::continuation}) {
    const std::string_view text = "ab <s> \xE2\x96\x81 <tool>\xF0\x9F\x98\x80 b ";
    const auto ids = tokenizer.encode(text, position);
    if (ids.ok()) {
      for (const int32_t id : *ids) {
        if (tokenizer.kind(id) == TokenKind::control) {
          abort(); // text became a control token
        }
      }
      tokenizer.decode(*ids, position);
    }
    (void)tokenizer.encode(text, position, SpecialTokens::asTokens);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto tokenizer = loadTokenizer(kSentencePieceKind, {reinterpret_cast<const char *>(data), size}, "fuzz");
  if (!tokenizer.ok()) {
    return 0;
  }
  use(**tokenizer);
  const StatedTokens stated = {
      .added = {{.id = 3, .text = "b ", .isSpecial = true},
                {.id = (*tokenizer)->size() + 2, .text = "<tool>", .stripsRight = true}},
      .special = {{.text = "ab", .isSpecial = true}, {.text = "<pad>", .isSpecial = true}}};
  std::vector<std::string> notes;
  ResolvedTokens tokens = resolveTokens(**tokenizer, stated, {.vocabSize = 1 << 20}, "fuzz", notes);
  auto extended = withAddedTokens(std::move(*tokenizer), std::move(tokens.layer));
  if (!extended.ok()) {
    abort(); // what is resolved can be added
  }
  use(**extended);
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
  return model.serialize();
}

std::vector<std::string> fuzzSeeds() {
  return {seed(SentenceModel::ModelType::bpe, false), seed(SentenceModel::ModelType::unigram, false),
          seed(SentenceModel::ModelType::bpe, true),
          tests::readAll(CRIA_SOURCE_DIR "/tests/golden/sentences/rules.model")};
}

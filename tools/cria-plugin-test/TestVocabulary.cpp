// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/TestVocabulary.h"

#include "runtime/text/SentenceModel.h"
#include "runtime/text/TokenizerRegistry.h"

#include <fmt/format.h>

namespace cria::conformance {

using PieceType = SentenceModel::PieceType;

/// Returns the words "a" to "zzz" in order, each with and without a leading space.
static std::string wordOf(uint32_t index) {
  std::string word;
  for (uint32_t rest = index / 2 + 1; rest > 0; rest = (rest - 1) / 26) {
    word.insert(word.begin(), static_cast<char>('a' + (rest - 1) % 26));
  }
  return index % 2 == 0 ? "\xE2\x96\x81" + word : word;
}

static std::string makeModel() {
  SentenceModel model;
  model.modelType = SentenceModel::ModelType::bpe;
  model.byteFallback = true;
  model.removeExtraWhitespaces = false;
  model.pieces = {
      {"<unk>", 0, PieceType::unknown}, {"<s>", 0, PieceType::control}, {"</s>", 0, PieceType::control}};
  for (int byte = 0; byte < 256; ++byte) {
    model.pieces.push_back({fmt::format("<0x{:02X}>", byte), 0, PieceType::byte});
  }
  model.pieces.push_back({"<|im_start|>", 0, PieceType::control});
  model.pieces.push_back({"<|im_end|>", 0, PieceType::control});
  model.pieces.push_back({"<step>", 0, PieceType::control});
  model.pieces.push_back({"\xE2\x96\x81", -1, PieceType::normal});
  for (uint32_t index = 0; model.pieces.size() < kTestVocabularySize; ++index) {
    model.pieces.push_back({wordOf(index), -2.0f - static_cast<float>(index), PieceType::normal});
  }
  return model.serialize();
}

const Tokenizer &testTokenizer() {
  static const std::unique_ptr<Tokenizer> tokenizer =
      loadTokenizer(kSentencePieceKind, makeModel(), "test vocabulary").value();
  return *tokenizer;
}

const Vocabulary &testVocabulary() {
  static const Vocabulary vocabulary(&testTokenizer(), kTestVocabularySize, {kTestEos}, kTestBos);
  return vocabulary;
}

} // namespace cria::conformance

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hostile and unusual model files: each is refused with a reason or read safely.
#include "runtime/text/SentenceModel.h"
#include "runtime/text/ProtoReader.h"
#include "tests/runtime/text/GoldenFiles.h"

#include <fstream>
#include <gmock/gmock.h>
#include <random>

namespace cria {
namespace {

using PieceType = SentenceModel::PieceType;
using testing::HasSubstr;

/// A small valid model for the tests to damage.
SentenceModel smallModel() {
  SentenceModel model;
  model.modelType = SentenceModel::ModelType::bpe;
  model.pieces = {{"<unk>", 0, PieceType::unknown}, {"<s>", 0, PieceType::control},
                  {"</s>", 0, PieceType::control},  {"a", -1, PieceType::normal},
                  {"b", -2, PieceType::normal},     {"\u2581", -3, PieceType::normal},
                  {"ab", 0, PieceType::normal}};
  return model;
}

std::string fieldOf(uint32_t number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size()); // below 128
  return out + std::string(bytes);
}

std::string refusalOf(std::string_view file) {
  const StatusOr<SentenceModel> model = SentenceModel::parse(file);
  return model.ok() ? "accepted" : model.status().message();
}

std::string refusalOf(const SentenceModel &model) { return refusalOf(model.serialize()); }

TEST(SentenceModelTest, SurvivesSerialization) {
  SentenceModel model = smallModel();
  model.addDummyPrefix = false;
  model.removeExtraWhitespaces = false;
  model.escapeWhitespaces = false;
  model.characterMap = "table";
  const StatusOr<SentenceModel> again = SentenceModel::parse(model.serialize());
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->pieces.size(), 7u);
  EXPECT_EQ(again->pieces[6].text, "ab");
  EXPECT_EQ(again->pieces[3].score, -1);
  EXPECT_EQ(again->modelType, SentenceModel::ModelType::bpe);
  EXPECT_FALSE(again->addDummyPrefix);
  EXPECT_FALSE(again->removeExtraWhitespaces);
  EXPECT_FALSE(again->escapeWhitespaces);
  EXPECT_EQ(again->characterMap, "table");
  EXPECT_EQ(SentenceModel::parse(model.serialize(/*withNormalization=*/false))->characterMap, "");
}

TEST(SentenceModelTest, WorksAsATokenizer) {
  const auto tokenizer = loadTokenizer(kSentencePieceKind, smallModel().serialize(), "small");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_EQ(*(*tokenizer)->encode("abz"), (std::vector<int32_t>{5, 6, 0}));
  EXPECT_EQ((*tokenizer)->eosId(), 2);
}

TEST(SentenceModelTest, RefusesContradictions) {
  SentenceModel model = smallModel();
  model.pieces[4].text = "a";
  EXPECT_THAT(refusalOf(model), HasSubstr("piece 4 ('a'): the name occurs twice"));
  model = smallModel();
  model.pieces[4].text = "";
  EXPECT_THAT(refusalOf(model), HasSubstr("piece 4: text: expected at least one byte"));
  model = smallModel();
  model.pieces[4].score = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusalOf(model), HasSubstr("piece 4: score: expected a finite number"));
  model = smallModel();
  model.pieces[4].text = "\xFF";
  EXPECT_THAT(refusalOf(model), HasSubstr("piece 4: text: expected UTF-8"));
  model = smallModel();
  model.pieces[4].text = std::string("x\0y", 3);
  EXPECT_THAT(refusalOf(model), HasSubstr("without NUL"));
  model = smallModel();
  model.pieces[4].type = PieceType::unknown;
  EXPECT_THAT(refusalOf(model), HasSubstr("expected exactly one unknown piece, got 2"));
  model = smallModel();
  model.pieces[0].type = PieceType::normal;
  EXPECT_THAT(refusalOf(model), HasSubstr("expected exactly one unknown piece, got 0"));
  model = smallModel();
  model.pieces[4].type = static_cast<PieceType>(9);
  EXPECT_THAT(refusalOf(model), HasSubstr("piece 4: type: expected 1 to 6, got 9"));
  EXPECT_THAT(refusalOf(""), HasSubstr("got a file without pieces"));
}

TEST(SentenceModelTest, RefusesFalseBytePieces) {
  SentenceModel model = smallModel();
  model.byteFallback = true;
  EXPECT_THAT(refusalOf(model), HasSubstr("expected 256 byte pieces with byte_fallback, got 0"));
  for (const std::string piece : {"<0x-1>", "<0x0a>", "<0x100>", "<0xG0>", "0x0A"}) {
    model.pieces.resize(7);
    model.pieces.push_back({piece, 0, PieceType::byte});
    EXPECT_THAT(refusalOf(model), HasSubstr("'" + piece + "'): expected byte_fallback and a name"));
  }
}

TEST(SentenceModelTest, RefusesWhatIsNotImplemented) {
  const std::string model = smallModel().serialize();
  EXPECT_THAT(refusalOf(model + fieldOf(2, "\x18\x03")),
              HasSubstr("trainer_spec: model_type: expected 1 (unigram) or 2 (BPE), got 3"));
  EXPECT_THAT(refusalOf(model + fieldOf(2, "\xC0\x01\x01")),
              HasSubstr("treat_whitespace_as_suffix: expected 0"));
  EXPECT_THAT(refusalOf(model + fieldOf(5, fieldOf(2, "abcd"))),
              HasSubstr("denormalizer_spec: precompiled_charsmap: expected a model that decodes texts"));
}

TEST(SentenceModelTest, RefusesDamage) {
  const std::string model = smallModel().serialize();
  EXPECT_THAT(refusalOf(model + "\x0A\x7F"), HasSubstr("expected a field of 127 bytes, got 0"));
  EXPECT_THAT(refusalOf(model + "\x0B"), HasSubstr("expected wire type 0, 1, 2 or 5, got 3"));
  EXPECT_THAT(refusalOf(model + std::string(1, 0)), HasSubstr("expected a field number"));
  EXPECT_THAT(refusalOf(model + std::string(12, '\xFF')), HasSubstr("64 bits"));
  EXPECT_THAT(refusalOf(model + "\x0D"), HasSubstr("expected a fixed-size number"));
  EXPECT_THAT(refusalOf(model + "\x08\x01"), HasSubstr("pieces: expected wire type 2, got 0"));
}

// Text must not reach a control piece, even when the model names one like a character.
TEST(SentenceModelTest, TextNeverGivesControlIds) {
  SentenceModel model = smallModel();
  model.pieces[3].type = PieceType::control; // "a"
  model.pieces[6].text = "cd";
  const auto tokenizer = loadTokenizer(kSentencePieceKind, model.serialize(), "forged");
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_FALSE((*tokenizer)->encode("a").ok());
  EXPECT_TRUE((*tokenizer)->encode("b").ok());
}

// Flipped bits and truncated files cause errors at most.
TEST(SentenceModelTest, AnyDamageIsAnErrorOrHarmless) {
  std::ifstream file(goldenModel("small"), std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::mt19937 random(11);
  int accepted = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    for (int flip = 0; flip < 1 + round % 4; ++flip) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
    }
    if (round % 5 == 0) {
      bytes.resize(random() % bytes.size());
    }
    const auto tokenizer = loadTokenizer(kSentencePieceKind, bytes, "damaged");
    if (tokenizer.ok()) {
      ++accepted;
      const auto ids = (*tokenizer)->encode("Hello <s> world \xF0\x9F\x98\x80 3333");
      EXPECT_TRUE(!ids.ok() || !(*tokenizer)->decode(*ids).empty());
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 300);
}

} // namespace
} // namespace cria

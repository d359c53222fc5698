// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts at the start and in the middle, and tables of characters that are damaged.
#include "runtime/text/SentenceNormalizer.h"

#include "tests/runtime/text/SentenceFiles.h"

#include <gmock/gmock.h>
#include <random>

namespace cria {
namespace {

using testing::HasSubstr;

SentenceModel modelWith(bool removes, bool prefix, const std::string &map = {}) {
  SentenceModel model;
  model.pieces = {{"<unk>", 0, SentenceModel::PieceType::unknown},
                  {"<sep>", 0, SentenceModel::PieceType::userDefined},
                  {"\uFF21\uFF22", 0, SentenceModel::PieceType::userDefined},
                  {"a", -1}};
  model.removeExtraWhitespaces = removes;
  model.addDummyPrefix = prefix;
  model.characterMap = map;
  return model;
}

std::string normalized(const SentenceModel &model, std::string_view text,
                       TextPosition position = TextPosition::startOfText) {
  const StatusOr<SentenceNormalizer> normalizer = SentenceNormalizer::of(model);
  EXPECT_TRUE(normalizer.ok()) << normalizer.status().message();
  return *normalizer->normalize(text, position);
}

TEST(SentenceNormalizerTest, PutsThePrefixAndTheMarksOfSpaces) {
  EXPECT_EQ(normalized(modelWith(false, true), " a  b "), "\u2581\u2581a\u2581\u2581b\u2581");
  EXPECT_EQ(normalized(modelWith(false, false), " a  b "), "\u2581a\u2581\u2581b\u2581");
  SentenceModel plain = modelWith(true, true);
  plain.escapeWhitespaces = false;
  EXPECT_EQ(normalized(plain, "  a  b  "), " a b");
}

TEST(SentenceNormalizerTest, RemovesSpaces) {
  EXPECT_EQ(normalized(modelWith(true, true), "  a  b "), "\u2581a\u2581b");
  EXPECT_EQ(normalized(modelWith(true, false), "  a  b "), "a\u2581b");
  EXPECT_EQ(normalized(modelWith(true, true), "   "), "");
}

TEST(SentenceNormalizerTest, AContinuationKeepsOneSpaceAtItsStart) {
  const SentenceModel model = modelWith(true, true);
  EXPECT_EQ(normalized(model, "  a  b ", TextPosition::continuation), "\u2581a\u2581b");
  EXPECT_EQ(normalized(model, "a b", TextPosition::continuation), "a\u2581b");
  EXPECT_EQ(normalized(model, "  ", TextPosition::continuation), "");
}

TEST(SentenceNormalizerTest, ReplacesCharactersOutsideUserDefinedPieces) {
  const SentenceModel model = modelWith(true, true, goldenBytes("nmt_nfkc.map"));
  EXPECT_EQ(normalized(model, "\uFF21\u3000\uFF22"), "\u2581A\u2581B");
  EXPECT_EQ(normalized(model, "\uFF21\uFF22\uFF22"), "\u2581\uFF21\uFF22B");
  EXPECT_EQ(normalized(model, "\t\uFB01\n<sep>\t"), "\u2581fi\u2581<sep>");
  EXPECT_EQ(normalized(model, std::string("a\0b", 3)), std::string("\u2581a\0b", 6));
}

std::string mapRefusal(const std::string &map) {
  const StatusOr<CharacterMap> read = CharacterMap::parse(map);
  return read.ok() ? "accepted" : read.status().message();
}

TEST(SentenceNormalizerTest, RefusesDamagedTables) {
  EXPECT_EQ(mapRefusal(""), "accepted");
  EXPECT_THAT(mapRefusal("abc"), HasSubstr("expected a trie of a multiple of 4 bytes"));
  EXPECT_THAT(mapRefusal(std::string("\x05\0\0\0abcde\0", 10)), HasSubstr("got 5 of 10 bytes"));
  EXPECT_THAT(mapRefusal(std::string("\xFF\xFF\xFF\xFC", 4) + "abcd"), HasSubstr("multiple of 4 bytes"));
  EXPECT_THAT(mapRefusal(std::string("\x04\0\0\0\0\0\0\0a", 9)), HasSubstr("with a NUL behind the last one"));
  EXPECT_THAT(mapRefusal(std::string("\x04\0\0\0\0\0\0\0\xFF\0", 10)), HasSubstr("in UTF-8"));
  EXPECT_THAT(mapRefusal(std::string("\x04\0\0\0\x09\0\0\x80x\0", 10)),
              HasSubstr("expected the value of unit 0 below 2 at the start of a character, got 9"));
  const auto tokenizer =
      loadTokenizer(kSentencePieceKind, withCharacterMap(modelWith(true, true).serialize(), "abc"), "m");
  EXPECT_THAT(tokenizer.status().message(), HasSubstr("precompiled_charsmap: expected a trie"));
}

// A table whose bits are flipped is refused, or replaces other characters: never outside of it.
TEST(SentenceNormalizerTest, AnyDamageIsAnErrorOrHarmless) {
  const std::string good = goldenBytes("nmt_nfkc.map");
  std::mt19937 random(3);
  int accepted = 0;
  for (int round = 0; round < 60; ++round) {
    SentenceModel model = modelWith(round % 2 == 0, true, good);
    for (int flip = 0; flip < 1 << round % 12; ++flip) {
      model.characterMap[4 + random() % (good.size() / 2)] ^= static_cast<char>(1u << random() % 7);
    }
    const StatusOr<SentenceNormalizer> normalizer = SentenceNormalizer::of(model);
    for (int text = 0; normalizer.ok() && text < 50; ++text) {
      std::string bytes = "\uFF21\u3000\uFB01 \u2460 e\u0301 \uFDFA";
      for (int i = 0; i < 20; ++i) {
        bytes += static_cast<char>(1 + random() % 127);
      }
      EXPECT_TRUE(normalizer->normalize(bytes, TextPosition::startOfText).ok());
    }
    accepted += normalizer.ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 60);
}

} // namespace
} // namespace cria

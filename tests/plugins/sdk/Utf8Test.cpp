// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/sdk/cria_utf8.hpp"

#include "support/Utf8.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace cria::plugin {
namespace {

TEST(Utf8Test, AgreesWithTheRuntimeOnWhatIsUtf8) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 200000; ++trial) {
    std::string text(1 + random() % 4, '\0');
    for (char &c : text) {
      constexpr uint8_t kBytes[] = {0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
                                    0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
      c = static_cast<char>(kBytes[random() % std::size(kBytes)]);
    }
    size_t at = 0;
    while (at < text.size()) {
      const auto decoded = decodeUtf8(text, at);
      if (!decoded) {
        break;
      }
      at += decoded->size;
    }
    ASSERT_EQ(at == text.size(), utf8::findInvalid(text) == std::string::npos) << trial;
  }
}

TEST(Utf8Test, BoundsWhatACharacterCanBecome) {
  PartialCharacter llama; // U+1F999
  EXPECT_TRUE(llama.add(0xF0));
  EXPECT_EQ(llama.first(), 0x10000u);
  EXPECT_EQ(llama.last(), 0x3FFFFu);
  EXPECT_TRUE(llama.add(0x9F));
  EXPECT_EQ(llama.first(), 0x1F000u);
  EXPECT_TRUE(llama.add(0xA6));
  EXPECT_EQ(llama.last(), 0x1F9BFu);
  EXPECT_TRUE(llama.add(0x99));
  EXPECT_TRUE(llama.isComplete());
  EXPECT_EQ(llama.bits, 0x1F999u);
  PartialCharacter surrogate;
  EXPECT_TRUE(surrogate.add(0xED));
  EXPECT_FALSE(surrogate.add(0xA0));
}

TEST(Utf8Test, EncodesWhatItDecodes) {
  for (uint32_t character = 0; character <= kLastCharacter; ++character) {
    if (character == 0xD800) {
      character = 0xE000; // surrogates are not characters
    }
    std::string bytes;
    appendUtf8(bytes, character);
    const auto decoded = decodeUtf8(bytes, 0);
    ASSERT_TRUE(decoded.has_value()) << character;
    ASSERT_EQ(decoded->character, character);
    ASSERT_EQ(decoded->size, bytes.size());
  }
}

} // namespace
} // namespace cria::plugin

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/sdk/cria_utf8.hpp"

#include <gtest/gtest.h>
#include <string>

namespace cria::plugin {
namespace {

TEST(Utf8Test, EncodesWhatItDecodes) {
  for (uint32_t character = 0; character <= utf8::kLastCharacter; ++character) {
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

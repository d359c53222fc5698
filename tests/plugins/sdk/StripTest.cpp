// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/sdk/cria_strip.hpp"

#include <gtest/gtest.h>

namespace cria::plugin {
namespace {

/// Every character for which Python's str.isspace() is true, in UTF-8.
constexpr std::string_view kWhitespace[] = {
    "\x09",         "\x0A",         "\x0B",         "\x0C",         "\x0D",
    "\x1C",         "\x1D",         "\x1E",         "\x1F",         " ",
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

TEST(StripTest, RemovesAllWhitespaceOfPython) {
  std::string blanks;
  for (const std::string_view space : kWhitespace) {
    blanks += space;
  }
  const std::string text = blanks + "\xC3\xA9 b" + blanks;
  EXPECT_EQ(strip(text), "\xC3\xA9 b");
  EXPECT_EQ(stripLeft(text), "\xC3\xA9 b" + blanks);
  EXPECT_EQ(stripRight(text), blanks + "\xC3\xA9 b");
  EXPECT_EQ(strip(blanks), "");
  EXPECT_EQ(strip(""), "");
}

TEST(StripTest, CountsTheWhitespaceOfPython) {
  size_t count = 0;
  for (uint32_t c = 0; c <= utf8::kLastCharacter; ++c) {
    count += isPythonSpace(c) ? 1 : 0;
  }
  EXPECT_EQ(count, std::size(kWhitespace));
}

TEST(StripTest, KeepsWhatIsNotUtf8) {
  EXPECT_EQ(strip(" \x80 "), "\x80");
  EXPECT_EQ(strip("\xE2\x80"), "\xE2\x80");
  EXPECT_EQ(strip("\xFF\xC2\xA0"), "\xFF");
  EXPECT_EQ(strip("\x85"), "\x85");
}

} // namespace
} // namespace cria::plugin

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares token ids and decoded text with an independent implementation, over all of Unicode.
#include "runtime/text/StreamingDecoder.h"
#include "support/Utf8.h"
#include "tests/runtime/text/GoldenFiles.h"

namespace cria {
namespace {

using Ids = std::vector<int32_t>;

void appendUtf8(std::string &text, uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(lead[more] | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
  }
}

std::string fnv1a64(const Ids &ids) {
  uint64_t value = 0xCBF29CE484222325u;
  for (const int32_t id : ids) {
    for (int shift = 0; shift < 32; shift += 8) {
      value = (value ^ (static_cast<uint32_t>(id) >> shift & 0xFF)) * 0x100000001B3u;
    }
  }
  return fmt::format("{:016x}", value);
}

TEST_P(GoldenTokenizerTest, EncodesTexts) {
  for (const auto &line : goldenLines("tokens", GetParam())) {
    const auto text = line["text"].get<std::string>();
    const StatusOr<Ids> ids = tokenizer_->encode(text);
    ASSERT_TRUE(ids.ok()) << ids.status().message();
    EXPECT_EQ(*ids, line["ids"].get<Ids>()) << line["text"];
  }
}

TEST_P(GoldenTokenizerTest, DecodesWhatItEncodes) {
  for (const auto &line : goldenLines("tokens", GetParam())) {
    std::string text = line["text"].get<std::string>();
    const Ids ids = line["ids"].get<Ids>();
    for (size_t at; (at = text.find("\u2581")) != std::string::npos;) { // typed marks become spaces
      text.replace(at, 3, " ");
    }
    EXPECT_EQ(tokenizer_->decode(ids), text);
    EXPECT_EQ(tokenizer_->decode(ids, TextPosition::continuation), text.empty() ? "" : " " + text);
  }
}

TEST_P(GoldenTokenizerTest, EncodesAllPlanes) {
  for (const auto &line : goldenLines("planes", GetParam())) {
    const auto first = line["first"].get<uint32_t>();
    std::string text;
    for (uint32_t code = first; code < first + line["count"].get<uint32_t>(); ++code) {
      if (code < 0xD800 || code > 0xDFFF) {
        appendUtf8(text, code);
      }
    }
    const StatusOr<Ids> ids = tokenizer_->encode(text);
    ASSERT_TRUE(ids.ok()) << first;
    EXPECT_EQ(ids->size(), line["num_ids"].get<size_t>()) << first;
    EXPECT_EQ(fnv1a64(*ids), line["fnv1a64"].get<std::string>()) << first;
  }
}

TEST_P(GoldenTokenizerTest, DecodesIds) {
  for (const auto &line : goldenLines("decode", GetParam())) {
    EXPECT_EQ(tokenizer_->decode(line["ids"].get<Ids>()), line["text"].get<std::string>()) << line["ids"];
  }
}

/// Decodes by the rules of tests/golden/README.md, from the surfaces alone: the first text piece loses its
/// space, control tokens have no text, bytes that are not UTF-8 become U+FFFD.
std::string surfaceText(const Tokenizer &tokenizer, std::span<const int32_t> ids) {
  std::string bytes;
  bool isFirst = true;
  for (const int32_t id : ids) {
    std::string surface(tokenizer.surface(id));
    if (!surface.empty()) {
      const bool loses = isFirst && tokenizer.kind(id) == TokenKind::normal && surface.starts_with(' ');
      bytes += loses ? surface.substr(1) : surface;
      isFirst = false;
    }
  }
  return utf8::replaceInvalid(bytes);
}

// For every split of the ids, a decoder gives the golden text in chunks of valid UTF-8.
TEST_P(GoldenTokenizerTest, StreamsTheGoldenText) {
  for (const auto &line : goldenLines("decode", GetParam())) {
    const Ids ids = line["ids"].get<Ids>();
    for (size_t split = 0; split <= ids.size(); ++split) {
      StreamingDecoder decoder(*tokenizer_);
      std::string text;
      for (size_t i = 0; i < split; ++i) {
        const std::string chunk = decoder.push(ids[i]);
        ASSERT_EQ(utf8::findInvalid(chunk), std::string::npos) << line["ids"];
        ASSERT_LE(decoder.pending().size(), 3u);
        text += chunk;
      }
      StreamingDecoder ended = decoder; // ends here
      EXPECT_EQ(text + ended.finish(), surfaceText(*tokenizer_, std::span(ids).first(split)));
      for (size_t i = split; i < ids.size(); ++i) {
        text += decoder.push(ids[i]);
      }
      EXPECT_EQ(text + decoder.finish(), line["text"].get<std::string>()) << line["ids"];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenTokenizerTest, testing::ValuesIn(goldenTokenizers()), goldenTestName);

} // namespace
} // namespace cria

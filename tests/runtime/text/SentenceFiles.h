// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The models of sentences.jsonl: tests/golden/README.md says how their files are put together.
#pragma once

#include "tests/runtime/text/GoldenFiles.h"

#include <sstream>

namespace cria {

inline std::string goldenBytes(const std::string &fileName) {
  std::ifstream file(goldenFolder() / "sentences" / fileName, std::ios::binary);
  EXPECT_TRUE(file.good()) << fileName;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A field of a protocol buffer message that holds bytes.
inline std::string protoField(uint32_t number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (size_t size = bytes.size();; size >>= 7) {
    out += static_cast<char>(size >= 0x80 ? size | 0x80 : size);
    if (size < 0x80) {
      return out += bytes;
    }
  }
}

/// A model file with a table of characters.
inline std::string withCharacterMap(std::string model, std::string_view map) {
  return model + protoField(3, protoField(2, map));
}

/// The model that a line of sentences.jsonl names.
inline std::unique_ptr<Tokenizer> openSentences(const nlohmann::json &line) {
  std::string model = goldenBytes(line["model"].get<std::string>() + ".model");
  if (line.contains("map")) {
    model = withCharacterMap(std::move(model), goldenBytes(line["map"].get<std::string>() + ".map"));
  }
  auto tokenizer = loadTokenizer(kSentencePieceKind, model, line["model"].get<std::string>());
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return tokenizer.ok() ? std::move(tokenizer).value() : nullptr;
}

} // namespace cria

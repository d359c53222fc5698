// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes and decodes the golden blocks of llama.cpp (tests/golden/README.md): the same bytes, the same
// values.
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria {
namespace {

std::vector<std::byte> bytesOf(const std::string &hexadecimal) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < hexadecimal.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<float> floatsOf(const std::string &hexadecimal) {
  const std::vector<std::byte> bytes = bytesOf(hexadecimal);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(GoldenWeightsTest, Q80) {
  const WeightFormatTraits &format = traitsOf(WeightFormat::q8_0);
  std::ifstream file(CRIA_SOURCE_DIR "/tests/golden/weights.q8_0.jsonl");
  size_t blocks = 0;
  for (std::string line; std::getline(file, line); ++blocks) {
    const nlohmann::json golden = nlohmann::json::parse(line);
    const std::vector<float> values = floatsOf(golden["values"]);
    const std::vector<std::byte> block = bytesOf(golden["block"]); // the scale, then the codes
    std::vector<std::byte> row(block.begin() + 2, block.end());
    row.insert(row.end(), block.begin(), block.begin() + 2);
    ASSERT_EQ(row.size(), rowBytes(format, int64_t(values.size())));

    std::vector<std::byte> encoded(row.size());
    EXPECT_EQ(encodeRow(format, values, encoded.data()), std::nullopt);
    EXPECT_EQ(encoded, row) << "block " << blocks;
    std::vector<float> decoded(values.size());
    decodeRow(format, row.data(), decoded);
    EXPECT_EQ(decoded, floatsOf(golden["decoded"])) << "block " << blocks;
  }
  EXPECT_GE(blocks, 50u);
}

} // namespace
} // namespace cria

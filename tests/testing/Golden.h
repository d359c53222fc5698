// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Golden logits made by transformers (tests/golden/README.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cria::test {

struct GoldenPrompt {
  std::vector<int32_t> tokens;
  std::vector<int32_t> rows;   // positions whose logits are stored
  std::vector<float> logits;   // [rows, vocabSize]
  std::vector<int32_t> greedy; // tokens chosen greedily after the prompt
  std::vector<float> gap;      // best logit less second best, at each choice

  size_t vocabSize() const { return logits.size() / rows.size(); }
  /// max - min of the logits.
  float range() const;
  /// max |ours - golden| / range over row r, ours: [vocabSize].
  float error(size_t r, const float *ours) const;
};

/// All prompts of tests/golden/logits/<name>.safetensors. Throws when the file is not as described.
std::vector<GoldenPrompt> readGolden(const std::string &name);

/// The same of any file.
std::vector<GoldenPrompt> readGoldenFile(const std::string &path);

/// Names of the small models, and `stories`, the one that ships.
const std::vector<std::string> &goldenModels();
/// Folder of one.
std::string goldenModelPath(const std::string &name);

} // namespace cria::test

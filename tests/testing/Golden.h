// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Golden logits, computed by transformers (tests/golden/README.md).
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
  std::vector<float> gap;      // for each of these, the highest logit minus the second highest

  size_t vocabSize() const { return logits.size() / rows.size(); }
  /// max - min of the logits.
  float range() const;
  /// max |ours - golden| / range over row r, ours: [vocabSize].
  float error(size_t r, const float *ours) const;
};

/// Returns all prompts of tests/golden/logits/<name>.safetensors. Errors: throws std::runtime_error if the
/// file is malformed.
std::vector<GoldenPrompt> readGolden(const std::string &name);

/// The same for any file.
std::vector<GoldenPrompt> readGoldenFile(const std::string &path);

/// Returns the names of the small models and of `stories`, the model that ships.
const std::vector<std::string> &goldenModels();
/// Returns the folder of a golden model.
std::string goldenModelPath(const std::string &name);

} // namespace cria::test

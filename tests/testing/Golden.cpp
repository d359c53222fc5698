// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/Golden.h"

#include "format/Safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace cria::test {
namespace {

template <typename T> std::vector<T> readTensor(const SafetensorsFile &file, const std::string &name) {
  const SafetensorsTensor *entry = file.find(name);
  if (entry == nullptr || sizeOf(entry->type) != sizeof(T)) {
    throw std::runtime_error(file.path() + ": no 4-byte tensor " + name);
  }
  std::vector<T> values(entry->size / sizeof(T));
  std::memcpy(values.data(), file.data(*entry).data(), entry->size);
  return values;
}

} // namespace

float GoldenPrompt::range() const {
  const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
  return *high - *low;
}

float GoldenPrompt::error(size_t r, const float *ours) const {
  float worst = 0;
  for (size_t i = 0; i < vocabSize(); ++i) {
    const float difference = std::fabs(ours[i] - logits[r * vocabSize() + i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  return worst / range();
}

std::vector<GoldenPrompt> readGolden(const std::string &name) {
  return readGoldenFile(CRIA_SOURCE_DIR "/tests/golden/logits/" + name + ".safetensors");
}

std::vector<GoldenPrompt> readGoldenFile(const std::string &path) {
  const auto opened = SafetensorsFile::open(path);
  if (!opened.ok()) {
    throw std::runtime_error(opened.status().message());
  }
  const SafetensorsFile &file = **opened;
  std::vector<GoldenPrompt> prompts;
  for (int i = 0; file.find("tokens." + std::to_string(i)) != nullptr; ++i) {
    const std::string suffix = "." + std::to_string(i);
    prompts.push_back({readTensor<int32_t>(file, "tokens" + suffix),
                       readTensor<int32_t>(file, "rows" + suffix), readTensor<float>(file, "logits" + suffix),
                       readTensor<int32_t>(file, "greedy" + suffix),
                       readTensor<float>(file, "gap" + suffix)});
  }
  if (prompts.empty()) {
    throw std::runtime_error(file.path() + ": no prompts");
  }
  return prompts;
}

const std::vector<std::string> &goldenModels() {
  static const std::vector<std::string> kModels = {"mha",       "gqa",
                                                   "odd-vocab", "tied",
                                                   "theta-1e6", "rope-parameters",
                                                   "llama3",    "llama3-parameters",
                                                   "bf16",      "linear",
                                                   "yarn",      "yarn-parameters",
                                                   "dynamic",   "f16",
                                                   "head-dim",  "sharded",
                                                   "stories"};
  return kModels;
}

std::string goldenModelPath(const std::string &name) {
  return name == "stories" ? CRIA_SOURCE_DIR "/examples/stories/model"
                           : CRIA_SOURCE_DIR "/tests/golden/models/" + name;
}

} // namespace cria::test

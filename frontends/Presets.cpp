// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The published sizes of LLaMA 2, of TinyLlama, and of the smallest model of llama2.c.
#include "frontends/Presets.h"

namespace cria {

namespace {
struct Preset {
  const char *name;
  int64_t dim, layers, heads, kvHeads, headDim, ffnDim, context;
  int64_t vocabSize = 32000;
};

constexpr Preset kPresets[] = {
    {"llama-2-7b", 4096, 32, 32, 32, 128, 11008, 4096},  {"llama-2-13b", 5120, 40, 40, 40, 128, 13824, 4096},
    {"llama-2-34b", 8192, 48, 64, 8, 128, 22016, 4096},  {"llama-2-70b", 8192, 80, 64, 8, 128, 28672, 4096},
    {"tinyllama-1.1b", 2048, 22, 32, 4, 64, 5632, 2048}, {"stories-260k", 64, 5, 8, 4, 8, 172, 512, 512},
};
} // namespace

std::optional<ModelConfig> findPreset(std::string_view name) {
  for (const Preset &preset : kPresets) {
    if (name == preset.name) {
      return ModelConfig{.name = preset.name,
                         .dim = preset.dim,
                         .layers = preset.layers,
                         .heads = preset.heads,
                         .kvHeads = preset.kvHeads,
                         .headDim = preset.headDim,
                         .ffnDim = preset.ffnDim,
                         .vocabSize = preset.vocabSize,
                         .context = preset.context};
    }
  }
  return std::nullopt;
}

std::vector<std::string> presetNames() {
  std::vector<std::string> names;
  for (const Preset &preset : kPresets) {
    names.emplace_back(preset.name);
  }
  return names;
}

} // namespace cria

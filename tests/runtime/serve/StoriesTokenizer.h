// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokenizer of the model that ships, and the plugins of this build.
#pragma once

#include "runtime/plugin/PluginRegistry.h"
#include "runtime/text/TokenizerRegistry.h"

#include <gtest/gtest.h>

namespace cria::test {

constexpr uint32_t kStoriesVocab = 1024;
inline const std::string kStoriesTokenizerFile = CRIA_SOURCE_DIR "/examples/stories/model/tokenizer.model";

inline std::unique_ptr<Tokenizer> storiesTokenizer() {
  auto tokenizer = openTokenizer(kSentencePieceKind, kStoriesTokenizerFile);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return tokenizer.ok() ? std::move(*tokenizer) : nullptr;
}

/// The plugins of this build, independent of the path of the program.
inline PluginSearch builtPlugins() {
  return {.folders = {CRIA_BINARY_DIR "/plugins"}, .environment = {}, .executable = {}};
}

} // namespace cria::test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many prompts in a JSON Lines file: {"prompt": "...", "max_tokens": 50, "seed": 1, "stop": ["\n"]}, all but
// the prompt optional.
#pragma once

#include "support/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cria::cli {

struct FileRequest {
  size_t line = 0; // of the file, from 1
  std::string prompt;
  std::optional<uint32_t> maxTokens;
  std::optional<uint64_t> seed;
  std::vector<std::string> stopTexts;
};

/// Errors: IO; INVALID_ARGUMENT with file and line.
StatusOr<std::vector<FileRequest>> readRequestFile(const std::string &path);

/// A whole text file; "-" is standard input. Errors: IO.
StatusOr<std::string> readTextFile(const std::string &path);

} // namespace cria::cli

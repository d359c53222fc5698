// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many requests in a JSON Lines file, one object per line (runtime/serve/RequestOptions.h).
#pragma once

#include "runtime/serve/RequestOptions.h"

#include <string>
#include <vector>

namespace cria::cli {

struct FileRequest {
  size_t line = 0; // its line in the file, from 1
  TextRequest request;
};

/// Reads a file of requests. Members of a line override those of `defaults`; the sequence of a request is its
/// index, unless its line has a seed. Errors: io; invalidArgument with file and line.
StatusOr<std::vector<FileRequest>> readRequestFile(const std::string &path, const RequestOptions &defaults);

/// Limits of the files that a user names: of a text or a file of requests, and of a grammar, a schema or a
/// chain of samplers. Each is far above any real one.
constexpr uint64_t kMaxTextBytes = uint64_t(256) << 20;
constexpr uint64_t kMaxRuleBytes = uint64_t(4) << 20;

/// Reads a whole text file; "-" is standard input. Errors: io; invalidArgument, which names the file, when it
/// is larger than `maxBytes`.
StatusOr<std::string> readTextFile(const std::string &path, uint64_t maxBytes = kMaxTextBytes);

} // namespace cria::cli

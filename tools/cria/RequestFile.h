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

/// Reads a whole text file; "-" is standard input. Errors: io; invalidArgument when it is too large.
StatusOr<std::string> readTextFile(const std::string &path);

} // namespace cria::cli

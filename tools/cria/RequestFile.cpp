// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RequestFile.h"

#include "support/File.h"

#include <sstream>
#include <unistd.h>

namespace cria::cli {

StatusOr<std::string> readTextFile(const std::string &path, uint64_t maxBytes) {
  return path == "-" ? readDescriptor(STDIN_FILENO, "standard input", maxBytes) : readAnyFile(path, maxBytes);
}

StatusOr<std::vector<FileRequest>> readRequestFile(const std::string &path, const RequestOptions &defaults) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readTextFile(path));
  std::vector<FileRequest> requests;
  std::istringstream lines(text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    RequestOptions options = defaults;
    if (options.seed) {
      options.seed = seedOfRow(*options.seed, requests.size());
    }
    CRIA_ASSIGN_OR_RETURN(TextRequest request,
                          readRequestJson(line, options, fmt::format("{}:{}", path, number)));
    requests.push_back({number, std::move(request)});
  }
  if (requests.empty()) {
    return invalidArgument("{}: expected one JSON object per line, got no line with text", path);
  }
  return requests;
}

} // namespace cria::cli

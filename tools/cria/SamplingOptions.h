// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command-line options for sampling and for the end of the text.
#pragma once

#include "Command.h"
#include "runtime/serve/RequestOptions.h"

#include <string>
#include <vector>

namespace cria::cli {

struct SamplingOptions {
  RequestOptions request;
  std::string samplerFile;                  // JSON of a sampler chain
  std::string grammarFile;                  // GBNF
  std::string schemaFile;                   // a JSON Schema
  std::vector<std::string> schemaDocuments; // to which it may refer: FILE or URI=FILE
};

void addSamplingOptions(CLI::App &command, SamplingOptions &options);

/// Converts the options to those of a request; reads the files that they name. Errors: io and
/// invalidArgument, with the name of the file.
StatusOr<RequestOptions> requestOptions(const SamplingOptions &options);

} // namespace cria::cli

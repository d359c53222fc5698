// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The options of the command line that choose how tokens are sampled and what ends the text.
#pragma once

#include "Command.h"
#include "runtime/serve/RequestOptions.h"

#include <string>

namespace cria::cli {

struct SamplingOptions {
  RequestOptions request;
  std::string samplerFile; // JSON of a sampler chain
  std::string grammarFile; // GBNF
  std::string schemaFile;  // a JSON Schema
};

void addSamplingOptions(CLI::App &command, SamplingOptions &options);

/// The request options that the command line asks for; reads the files that it names. Errors: io and
/// invalidArgument of the files.
StatusOr<RequestOptions> requestOptions(const SamplingOptions &options);

} // namespace cria::cli

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the compiler takes from the runtime: a backend's list of ops, and the tokenizer.
#include "tools/cria-compile/CompileOptions.h"

#include "runtime/text/AddedTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tools/cria-compile/OpsBackend.h"

namespace cria {

/// Loads the tokenizer as the runtime will load it, so that a damaged one is an error of the compilation, and
/// selects the added tokens.
static StatusOr<std::vector<AddedToken>> checkTokenizer(const TokenizerData &data, const ModelConfig &config,
                                                        std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer,
                        loadTokenizer(data.kind, data.model, data.where));
  if (tokenizer->size() > config.vocabSize) {
    return invalidArgument("{}: expected at most {} ids, the vocabulary size of the model, got {}; the "
                           "tokenizer belongs to another model",
                           data.where, config.vocabSize, tokenizer->size());
  }
  return selectAddedTokens(*tokenizer, data.addedTokens, config.vocabSize, data.where, notes);
}

StatusOr<CompileJob> makeJob(const CompileOptions &options) {
  CompileJob job = options.job;
  job.checkTokenizer = checkTokenizer;
  job.reportFusions = options.verbose;
  if (!options.backend.empty()) {
    CRIA_ASSIGN_OR_RETURN(job.opsBackend, findOpsBackend(options.backend, options.pluginFolders));
  }
  return job;
}

} // namespace cria

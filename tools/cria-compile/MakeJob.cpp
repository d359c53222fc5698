// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of a job that use the runtime: the list of ops of a backend, and the check of the tokenizer.
#include "tools/cria-compile/CompileOptions.h"

#include "runtime/text/ResolveTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "tools/cria-compile/OpsBackend.h"

namespace cria {

/// Loads the tokenizer as the runtime does, so that the compilation refuses a damaged one.
static StatusOr<CheckedTokenizer> checkTokenizer(const TokenizerData &data, const ModelConfig &config,
                                                 std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer,
                        loadTokenizer(data.kind, data.model, data.where));
  if (tokenizer->size() > config.vocabSize) {
    return invalidArgument("{}: expected at most {} ids, the vocabulary size of the model, got {}; the "
                           "tokenizer belongs to another model",
                           data.where, config.vocabSize, tokenizer->size());
  }
  ResolvedTokens resolved = resolveTokens(*tokenizer, data.tokens, config, data.where, notes);
  return CheckedTokenizer{.addedTokens = std::move(resolved.layer.tokens),
                          .bosId = resolved.bosId,
                          .eosId = resolved.layer.eosId};
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

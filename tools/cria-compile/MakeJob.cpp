// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the compiler takes from the runtime: a backend's list of ops, and the tokenizer.
#include "tools/cria-compile/CompileOptions.h"

#include "runtime/text/AddedTokens.h"
#include "runtime/text/Tokenizer.h"
#include "tools/cria-compile/OpsBackend.h"

namespace cria {

/// The tokenizer's model with the added tokens, loaded as the runtime will load it, so that a damaged one is
/// refused here.
static StatusOr<std::string> buildTokenizer(const TokenizerData &data, const ModelConfig &config,
                                            std::vector<std::string> &notes) {
  CRIA_ASSIGN_OR_RETURN(std::string model,
                        withAddedTokens(data.model, data.addedTokens, config.vocabSize, data.where, notes));
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::load(model, data.where));
  if (tokenizer->size() > config.vocabSize) {
    return invalidArgument(
        "{}: expected at most the model's {} pieces, found {}; the tokenizer belongs to another model",
        data.where, config.vocabSize, tokenizer->size());
  }
  return model;
}

StatusOr<CompileJob> makeJob(const CompileOptions &options) {
  CompileJob job = options.job;
  job.buildTokenizer = buildTokenizer;
  job.reportFusions = options.verbose;
  if (!options.backend.empty()) {
    CRIA_ASSIGN_OR_RETURN(job.opsBackend, findOpsBackend(options.backend, options.pluginFolders));
  }
  return job;
}

} // namespace cria

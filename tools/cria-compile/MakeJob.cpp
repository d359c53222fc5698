// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of a job that use the runtime: the list of ops of a backend, and the checks of tokenizer and
// chat template.
#include "tools/cria-compile/CompileOptions.h"

#include "runtime/plugin/ChatTemplate.h"
#include "runtime/text/ResolveTokens.h"
#include "runtime/text/TokenizerRegistry.h"
#include "runtime/text/Vocabulary.h"
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

/// Lets the plugin jinja parse the template as `cria chat` does. Without the plugin, as in an installation of
/// the compiler alone, nothing is checked.
static Status checkTemplate(const ChatConfig &chat, const std::vector<std::string> &pluginFolders) {
  CRIA_ASSIGN_OR_RETURN(
      const std::unique_ptr<PluginRegistry> plugins,
      PluginRegistry::create(PluginSearch::standard({pluginFolders.begin(), pluginFolders.end()})));
  if (!plugins->load(PluginKind::chat, "jinja").ok()) {
    return {};
  }
  std::vector<PluginArgument> arguments = {{.name = "template", .value = *chat.source}};
  for (const auto &[name, value] : chat.sourceOptions) {
    arguments.push_back({.name = name, .value = value});
  }
  const Vocabulary unnamed(nullptr, 1, {}); // what tokens there are does not matter
  return ChatTemplate::create(*plugins, "jinja", arguments, unnamed.view()).status();
}

StatusOr<CompileJob> makeJob(const CompileOptions &options) {
  CompileJob job = options.job;
  job.checkTokenizer = checkTokenizer;
  job.checkTemplate = [folders = options.pluginFolders](const ChatConfig &chat) {
    return checkTemplate(chat, folders);
  };
  job.reportFusions = options.verbose;
  if (!options.backend.empty()) {
    CRIA_ASSIGN_OR_RETURN(job.opsBackend, findOpsBackend(options.backend, options.pluginFolders));
  }
  return job;
}

} // namespace cria

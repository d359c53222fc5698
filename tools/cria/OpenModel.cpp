// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OpenModel.h"

#include "CompileCache.h"
#include "tools/terminal/Progress.h"
#include "tools/terminal/Terminal.h"

#include <chrono>

namespace cria::cli {
namespace {

ModelOptions modelOptions(const CommonOptions &options, Progress &progress) {
  return {.backend = options.backend,
          .target = options.target,
          .device = options.device,
          .numThreads = options.threads,
          .context = options.context,
          .kvMemoryBytes = options.kvMemoryBytes,
          .progress = [&progress](uint64_t done, uint64_t total) { progress.update(done, total); }};
}

Status openTokenizer(OpenedModel &opened) {
  CRIA_ASSIGN_OR_RETURN(opened.tokenizer, opened.package->tokenizer());
  opened.vocabulary = std::make_unique<Vocabulary>(opened.tokenizer.get(), opened.model->vocabSize(),
                                                   opened.eosIds(), opened.bosId());
  return {};
}

} // namespace

std::vector<int32_t> OpenedModel::eosIds() const {
  const std::vector<int64_t> &ids = package->manifest().model.eosIds;
  return {ids.begin(), ids.end()};
}

static StatusOr<std::shared_ptr<const Package>> openFolder(const std::string &folder,
                                                           const CommonOptions &options) {
  Progress progress("verifying", options.quiet);
  return Package::open(folder,
                       {.verifyWeights = options.verify,
                        .progress = [&](uint64_t done, uint64_t total) { progress.update(done, total); }});
}

StatusOr<std::shared_ptr<const Package>> openPackage(const CommonOptions &options) {
  if (!isCheckpoint(options.model)) {
    return openFolder(options.model, options);
  }
  CRIA_ASSIGN_OR_RETURN(const std::string cached, cachedPackage(options.model));
  if (isPackage(cached)) {
    StatusOr<std::shared_ptr<const Package>> package = openFolder(cached, options);
    if (package.ok()) {
      return package;
    }
    talk(options.quiet, "note: {}", package.status().message());
  }
  CRIA_RETURN_IF_ERROR(compileIntoCache(options.model, cached, options.quiet));
  return openFolder(cached, options);
}

StatusOr<std::unique_ptr<OpenedModel>> openModel(const CommonOptions &options) {
  const auto start = std::chrono::steady_clock::now();
  auto opened = std::make_unique<OpenedModel>();
  CRIA_ASSIGN_OR_RETURN(opened->package, openPackage(options));
  CRIA_ASSIGN_OR_RETURN(opened->registry, PluginRegistry::create(PluginSearch::standard(
                                              {options.pluginFolders.begin(), options.pluginFolders.end()})));
  Progress progress("loading weights", options.quiet);
  CRIA_ASSIGN_OR_RETURN(opened->model,
                        Model::open(opened->package, *opened->registry, modelOptions(options, progress)));
  CRIA_RETURN_IF_ERROR(openTokenizer(*opened));
  opened->openSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return opened;
}

StatusOr<const Tokenizer *> requireTokenizer(const OpenedModel &opened, std::string_view use) {
  if (opened.tokenizer == nullptr) {
    return error(StatusCode::unsupported,
                 "'{}' has no tokenizer, which {} needs: it was compiled from a preset. 'cria bench' and "
                 "'cria logits' "
                 "work with it",
                 opened.package->folder(), use);
  }
  return opened.tokenizer.get();
}

StatusOr<std::vector<int32_t>> encodePrompt(const OpenedModel &opened, std::string_view text) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, opened.tokenizer->encode(text));
  std::vector<int32_t> prompt;
  if (opened.bosId() >= 0) {
    prompt.push_back(opened.bosId());
  }
  prompt.insert(prompt.end(), ids.begin(), ids.end());
  return prompt;
}

} // namespace cria::cli

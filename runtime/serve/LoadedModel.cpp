// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/serve/LoadedModel.h"

#include "runtime/text/TextLimit.h"
#include "support/Utf8.h"

#include <limits>
#include <random>

namespace cria {

StatusOr<std::unique_ptr<LoadedModel>>
LoadedModel::open(const std::string &folder, const ModelOptions &options, const PluginSearch &plugins) {
  CRIA_ASSIGN_OR_RETURN(std::shared_ptr<const Package> package, Package::open(folder));
  return open(std::move(package), options, plugins);
}

StatusOr<std::unique_ptr<LoadedModel>> LoadedModel::open(std::shared_ptr<const Package> package,
                                                         const ModelOptions &options,
                                                         const PluginSearch &plugins) {
  std::unique_ptr<LoadedModel> loaded(new LoadedModel());
  loaded->package_ = std::move(package);
  CRIA_ASSIGN_OR_RETURN(loaded->plugins_, PluginRegistry::create(plugins));
  CRIA_ASSIGN_OR_RETURN(loaded->model_, Model::open(loaded->package_, *loaded->plugins_, options));
  CRIA_RETURN_IF_ERROR(loaded->openTokenizer());
  return loaded;
}

Status LoadedModel::openTokenizer() {
  CRIA_ASSIGN_OR_RETURN(tokenizer_, package_->tokenizer());
  const std::vector<int64_t> &eosIds = package_->manifest().model.eosIds;
  vocabulary_ = std::make_unique<Vocabulary>(tokenizer_.get(), model_->vocabSize(),
                                             std::vector<int32_t>(eosIds.begin(), eosIds.end()), bosId());
  return {};
}

Status LoadedModel::requireTokenizer(std::string_view use) const {
  if (tokenizer_ == nullptr) {
    return error(StatusCode::unsupported,
                 "'{}' has no tokenizer, which {} requires, since it was compiled from a preset or with "
                 "--no-tokenizer; 'cria bench' and 'cria logits' do not require one",
                 package_->folder(), use);
  }
  return {};
}

StatusOr<std::vector<int32_t>> LoadedModel::encodePrompt(std::string_view text) const {
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, tokenizer_->encode(text));
  std::vector<int32_t> prompt;
  if (bosId() >= 0) {
    prompt.push_back(bosId());
  }
  prompt.insert(prompt.end(), ids.begin(), ids.end());
  return prompt;
}

static Status checkStopTexts(const std::vector<std::string> &texts) {
  for (const std::string &text : texts) {
    if (text.empty() || utf8::findInvalid(text) != std::string::npos) {
      return invalidArgument("stop text: expected UTF-8, got {}",
                             text.empty() ? "an empty text" : "invalid bytes");
    }
  }
  return {};
}

StatusOr<GenerateRequest> LoadedModel::makeRequest(const RequestOptions &options) const {
  CRIA_RETURN_IF_ERROR(checkStopTexts(options.stopTexts));
  const GenerationDefaults &defaults = package_->chat().generation;
  CRIA_ASSIGN_OR_RETURN(const std::vector<SamplerSpec> specs, samplersOf(options, defaults));
  CRIA_ASSIGN_OR_RETURN(SamplerChain chain, SamplerChain::create(*plugins_, specs, vocabulary_->view(),
                                                                 options.samplerExpression));
  const int64_t limit = defaults.maxNewTokens.value_or(std::numeric_limits<uint32_t>::max());
  GenerateRequest request;
  request.maxNewTokens = options.maxTokens.value_or(static_cast<uint32_t>(limit));
  request.minNewTokens = options.minTokens;
  request.ignoreEos = options.ignoreEos;
  request.stopTexts = options.stopTexts;
  request.sampler = std::make_shared<SamplerChain>(std::move(chain));
  request.seed = options.seed ? *options.seed : std::random_device()();
  request.sequence = options.sequence;
  request.logprobs = options.logprobs;
  return request;
}

StatusOr<GenerateRequest> LoadedModel::makeRequest(const TextRequest &text) const {
  CRIA_RETURN_IF_ERROR(
      checkTextLength(text.prompt, *tokenizer_, model_->context()).withContext("the prompt"));
  CRIA_ASSIGN_OR_RETURN(GenerateRequest request, makeRequest(text.options));
  CRIA_ASSIGN_OR_RETURN(request.prompt, encodePrompt(text.prompt));
  if (request.prompt.empty()) {
    return invalidArgument("the prompt is empty and the model has no BOS token; give it some text");
  }
  request.continuesText = !text.prompt.empty();
  return request;
}

} // namespace cria

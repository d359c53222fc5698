// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/serve/LoadedModel.h"

#include "runtime/text/TextLimit.h"
#include "support/Utf8.h"

#include <algorithm>
#include <limits>

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

const cria_vocabulary &LoadedModel::vocabularyWith(const std::vector<int32_t> &more) const {
  if (more.empty()) {
    return vocabulary_->view();
  }
  const cria_vocabulary &own = vocabulary_->view();
  std::vector<int32_t> ends(own.eos_ids, own.eos_ids + own.num_eos);
  ends.insert(ends.end(), more.begin(), more.end());
  const std::lock_guard lock(mutex_);
  return vocabularies_.try_emplace(more, *vocabulary_, std::move(ends)).first->second.view();
}

StatusOr<std::vector<int32_t>> LoadedModel::encodePrompt(std::string_view text,
                                                         SpecialTokens specials) const {
  CRIA_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                        tokenizer_->encode(text, TextPosition::startOfText, specials));
  std::vector<int32_t> prompt;
  if (bosId() >= 0 && (ids.empty() || ids[0] != bosId())) {
    prompt.push_back(bosId());
  }
  prompt.insert(prompt.end(), ids.begin(), ids.end());
  return prompt;
}

std::string LoadedModel::findSpecialName(std::string_view text) const {
  const StatusOr<std::vector<int32_t>> ids =
      tokenizer_ ? tokenizer_->encode(text, TextPosition::startOfText, SpecialTokens::asTokens)
                 : StatusOr<std::vector<int32_t>>(std::vector<int32_t>());
  for (const int32_t id : ids.ok() ? *ids : std::vector<int32_t>()) {
    if (tokenizer_->kind(id) == TokenKind::control) {
      return std::string(tokenizer_->piece(id));
    }
  }
  return "";
}

/// The tokens that stop texts name and whose text is not their name: control tokens, which have no text, and
/// the unknown token. They end a text as tokens.
static std::vector<int32_t> namedTokens(const std::vector<std::string> &stopTexts,
                                        const Tokenizer *tokenizer) {
  std::vector<int32_t> ids;
  for (const std::string &text : stopTexts) {
    const std::optional<int32_t> id = tokenizer ? tokenizer->find(text) : std::nullopt;
    const TokenKind kind = id ? tokenizer->kind(*id) : TokenKind::normal;
    if (kind == TokenKind::control || kind == TokenKind::unknown) {
      ids.push_back(*id);
    }
  }
  return ids;
}

/// Appends what is not there yet.
template <typename T> static void merge(std::vector<T> &values, const std::vector<T> &more) {
  for (const T &value : more) {
    if (std::ranges::find(values, value) == values.end()) {
      values.push_back(value);
    }
  }
}

/// The token that a complete grammar ends with if nothing else ends a text: the tokenizer's EOS, or else the
/// first control token.
static std::optional<int32_t> endOfGrammar(const Tokenizer *tokenizer, uint32_t vocabSize) {
  if (tokenizer == nullptr || tokenizer->eosId() >= 0) {
    return tokenizer == nullptr ? std::nullopt : std::optional(tokenizer->eosId());
  }
  for (int32_t id = 0; id < static_cast<int32_t>(vocabSize); ++id) {
    if (tokenizer->kind(id) == TokenKind::control) {
      return id;
    }
  }
  return std::nullopt;
}

StatusOr<GenerateRequest> LoadedModel::makeRequest(const RequestOptions &options) const {
  return makeRequest(options, GenerateRequest());
}

/// ends: what ends the text in a chat.
StatusOr<GenerateRequest> LoadedModel::makeRequest(const RequestOptions &options,
                                                   GenerateRequest ends) const {
  for (const std::string &text : options.stopTexts) {
    CRIA_RETURN_IF_ERROR(checkStopText(text).withContext("stop text"));
  }
  const GenerationDefaults &defaults = package_->chat().generation;
  GenerateRequest request = options.ignoreEos ? GenerateRequest() : std::move(ends);
  merge(request.stopTexts,
        options.ignoreEos || !tokenizer_ ? std::vector<std::string>() : defaults.stopTexts);
  merge(request.stopTexts, options.stopTexts);
  merge(request.stopTokens, namedTokens(request.stopTexts, tokenizer_.get()));
  std::vector<int32_t> further = request.eosTokens;
  merge(further, request.stopTokens);
  RequestOptions sampling = options;
  const bool hasNoEnd = vocabulary_->view().num_eos == 0 && further.empty();
  sampling.ignoreEos |= hasNoEnd;
  CRIA_ASSIGN_OR_RETURN(const std::vector<SamplerSpec> specs, samplersOf(sampling, defaults));
  const bool hasGrammar = std::ranges::find(specs, "grammar", &SamplerSpec::name) != specs.end();
  const std::optional<int32_t> end =
      hasNoEnd && hasGrammar ? endOfGrammar(tokenizer_.get(), vocabulary_->view().size) : std::nullopt;
  if (end) {
    further.push_back(*end);
    request.eosTokens.push_back(*end);
  }
  request.ignoreEos = options.ignoreEos && !hasGrammar; // a grammar allows ends last
  CRIA_ASSIGN_OR_RETURN(SamplerChain chain, SamplerChain::create(*plugins_, specs, vocabularyWith(further),
                                                                 options.samplerExpression));
  const int64_t limit = defaults.maxNewTokens.value_or(std::numeric_limits<uint32_t>::max());
  request.maxNewTokens = options.maxTokens.value_or(static_cast<uint32_t>(limit));
  request.minNewTokens = options.minTokens.value_or(static_cast<uint32_t>(defaults.minNewTokens.value_or(0)));
  request.sampler = std::make_shared<SamplerChain>(std::move(chain));
  request.seed = options.seed ? *options.seed : randomSeed();
  request.logprobs = options.logprobs;
  return request;
}

StatusOr<GenerateRequest> LoadedModel::makeRequest(const TextRequest &text) const {
  CRIA_RETURN_IF_ERROR(
      checkTextLength(text.prompt, *tokenizer_, model_->context()).withContext("the prompt"));
  CRIA_ASSIGN_OR_RETURN(GenerateRequest request, makeRequest(text.options));
  CRIA_ASSIGN_OR_RETURN(request.prompt, encodePrompt(text.prompt, text.options.specials));
  if (request.prompt.empty()) {
    return invalidArgument("the prompt is empty and the model has no BOS token; give it some text");
  }
  request.continuesText = !text.prompt.empty();
  return request;
}

StatusOr<GenerateRequest> LoadedModel::makeRequest(const RequestOptions &options,
                                                   const ChatTurn &turn) const {
  GenerateRequest ends{
      .prompt = {}, .eosTokens = {}, .stopTexts = turn.stopTexts, .stopTokens = turn.stopIds};
  if (tokenizer_ != nullptr && tokenizer_->eosId() >= 0) {
    ends.eosTokens.push_back(tokenizer_->eosId());
  }
  CRIA_ASSIGN_OR_RETURN(GenerateRequest request, makeRequest(options, std::move(ends)));
  request.prompt = turn.ids;
  request.continuesText = false;
  return request;
}

} // namespace cria

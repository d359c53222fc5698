// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From logits to text for one request: choice, end conditions, streaming.
#include "runtime/exec/ActiveRequest.h"

#include "runtime/exec/Logprobs.h"
#include "runtime/plugin/SamplerChain.h"

#include <algorithm>
#include <limits>

namespace cria {

ActiveRequest::ActiveRequest(RequestHandle handle, GenerateRequest request, Model &model,
                             const Tokenizer *tokenizer, GenerateCallback onEvent)
    : handle_(handle), request_(std::move(request)), model_(model), tokenizer_(tokenizer),
      onEvent_(std::move(onEvent)), start_(std::chrono::steady_clock::now()), stops_(request_.stopTexts) {}

Status checkRequest(const GenerateRequest &request, const Model &model, const Tokenizer *tokenizer) {
  if (request.prompt.empty()) {
    return invalidArgument("the prompt is empty: expected at least one token");
  }
  if (request.prompt.size() > model.context()) {
    return invalidArgument("the prompt is too long: expected at most {} tokens, the length of the context, "
                           "got {}; shorten it or use a longer context",
                           model.context(), request.prompt.size());
  }
  for (int32_t id : request.prompt) {
    if (id < 0 || static_cast<uint32_t>(id) >= model.vocabSize()) {
      return invalidArgument("the prompt has an invalid token: expected an id from 0 to {}, got {}",
                             model.vocabSize() - 1, id);
    }
  }
  if (!request.stopTexts.empty() && !tokenizer) {
    return invalidArgument("stop texts require a tokenizer, which the package does not have");
  }
  if (request.session && &request.session->model() != &model) {
    return invalidArgument("the session belongs to another model");
  }
  return {};
}

Status ActiveRequest::startSampler() {
  if (!request_.sampler) {
    return {};
  }
  request_.sampler->reset();
  for (int32_t token : request_.prompt) {
    CRIA_RETURN_IF_ERROR(request_.sampler->accept(token, TokenOrigin::prompt));
  }
  return {};
}

void ActiveRequest::begin() {
  if (session_ || isDone()) {
    return;
  }
  Status status = checkRequest(request_, model_, tokenizer_);
  if (status.ok()) {
    status = startSampler();
  }
  if (!status.ok()) {
    return finish(FinishReason::error, std::move(status));
  }
  session_ = request_.session ? request_.session : &own_.emplace(model_);
  result_.reusedTokens = session_->keepCommonPrefix(request_.prompt);
  if (tokenizer_) {
    decoder_.emplace(*tokenizer_,
                     request_.continuesText ? TextPosition::continuation : TextPosition::startOfText);
  }
  collectEndTokens();
  if (request_.maxNewTokens == 0) {
    finish(FinishReason::length);
  } else if (request_.prompt.size() >= model_.context()) {
    finish(FinishReason::context);
  }
}

void ActiveRequest::collectEndTokens() {
  const std::vector<int64_t> &eosIds = model_.manifest().model.eosIds;
  if (!request_.ignoreEos) {
    eosTokens_.assign(eosIds.begin(), eosIds.end()); // verified: ids of the vocabulary
    eosTokens_.insert(eosTokens_.end(), request_.eosTokens.begin(), request_.eosTokens.end());
  }
  endTokens_ = eosTokens_;
  endTokens_.insert(endTokens_.end(), request_.stopTokens.begin(), request_.stopTokens.end());
}

uint32_t ActiveRequest::remainingPages() const {
  uint64_t maxLength =
      std::min<uint64_t>(model_.context(), request_.prompt.size() + uint64_t(request_.maxNewTokens));
  const KvPool &pool = model_.kvPool();
  uint32_t held = session_->numPages();
  uint32_t needed = pool.pagesFor(static_cast<uint32_t>(maxLength)) +
                    (request_.session ? 1 : 0); // its last page may be shared and is then copied
  return needed > held ? needed - held : 0;
}

StepItem ActiveRequest::nextItem(uint32_t maxTokens) const {
  if (!isInPrompt()) {
    return {.session = session_, .tokens = {&last_, 1}, .numOutputs = 1};
  }
  std::span<const int32_t> rest = std::span<const int32_t>(request_.prompt).subspan(session_->length());
  size_t count = std::min<size_t>(rest.size(), maxTokens);
  return {.session = session_, .tokens = rest.first(count), .numOutputs = count == rest.size() ? 1u : 0u};
}

std::span<const int32_t> ActiveRequest::maskedTokens() const {
  return result_.tokens.size() < request_.minNewTokens ? std::span<const int32_t>(endTokens_)
                                                       : std::span<const int32_t>();
}

StatusOr<int32_t> ActiveRequest::choose(std::span<const float> logits) {
  if (!request_.sampler) {
    return chooseGreedy(logits, maskedTokens());
  }
  SamplePoint point = {.seed = request_.seed, .sequence = request_.sequence, .position = session_->length()};
  CRIA_ASSIGN_OR_RETURN(int32_t token, request_.sampler->sample(logits, point, maskedTokens()));
  CRIA_RETURN_IF_ERROR(request_.sampler->accept(token, TokenOrigin::generated));
  return token;
}

/// Ends the request if the token is a stop or end-of-text token, which does not become part of the text.
bool ActiveRequest::endsWith(int32_t token) {
  auto has = [token](const std::vector<int32_t> &ids) {
    return std::find(ids.begin(), ids.end(), token) != ids.end();
  };
  bool isStop = has(request_.stopTokens);
  if (!isStop && !has(eosTokens_)) {
    return false;
  }
  result_.stopToken = token;
  finish(isStop ? FinishReason::stop : FinishReason::eos);
  return true;
}

void ActiveRequest::takeLogits(std::span<const float> logits) {
  StatusOr<int32_t> token = choose(logits);
  if (!token.ok()) {
    return finish(FinishReason::error, session_->explain(token.status(), logits));
  }
  if (result_.promptNs == 0) {
    result_.promptNs = elapsedNs();
  }
  if (endsWith(*token)) {
    return;
  }
  addToken(*token, logits);
  if (isDone()) {
    return;
  }
  if (result_.tokens.size() >= request_.maxNewTokens) {
    finish(FinishReason::length);
  } else if (request_.prompt.size() + result_.tokens.size() >= model_.context()) {
    finish(FinishReason::context);
  }
}

/// The text that a token adds, less what may be the start of a stop text.
std::string ActiveRequest::textOf(int32_t token) {
  if (!decoder_) {
    return {};
  }
  std::string text = decoder_->push(token);
  if (result_.tokens.size() <= request_.minNewTokens) {
    return text; // nothing ends it yet
  }
  std::string result = stops_.push(text);
  if (tokenizer_->kind(token) == TokenKind::control) {
    result += stops_.pushName(tokenizer_->piece(token));
  }
  return result;
}

void ActiveRequest::addToken(int32_t token, std::span<const float> logits) {
  last_ = token;
  GeneratedToken &added = result_.tokens.emplace_back();
  added.id = token;
  if (request_.logprobs) {
    added.logprob = static_cast<float>(logits[static_cast<size_t>(token)] - logSumExp(logits));
    added.top = topLogprobs(logits, *request_.logprobs);
  }
  emitText(&added, textOf(token));
  if (stops_.matched()) {
    finish(FinishReason::stop);
  }
}

void ActiveRequest::emit(const GenerateEvent &event) const {
  if (onEvent_) {
    onEvent_(event);
  }
}

void ActiveRequest::emitText(const GeneratedToken *token, const std::string &text) {
  result_.text += text;
  if (token || !text.empty()) {
    emit({.request = handle_, .token = token, .text = text});
  }
}

/// Delivers the text that the decoder and the stop matcher still hold back.
void ActiveRequest::flushText() {
  if (!decoder_ || stops_.matched()) {
    return;
  }
  std::string text = stops_.push(decoder_->finish());
  text += stops_.finish();
  emitText(nullptr, text);
}

void ActiveRequest::finish(FinishReason reason, Status status) {
  flushText();
  if (stops_.matched() && reason != FinishReason::error) {
    reason = FinishReason::stop;
    result_.stopText = stops_.match();
  }
  result_.reason = reason;
  result_.status = std::move(status);
  result_.totalNs = elapsedNs();
  if (own_) {
    session_ = nullptr;
    own_.reset(); // waiting requests need its pages
  }
  emit({.request = handle_, .result = &result_});
}

uint64_t ActiveRequest::elapsedNs() const {
  auto elapsed = std::chrono::steady_clock::now() - start_;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
}

} // namespace cria

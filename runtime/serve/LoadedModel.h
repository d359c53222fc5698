// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LoadedModel: a package that is ready to answer requests, with its plugins and its tokenizer.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/exec/GenerateTypes.h"
#include "runtime/exec/Model.h"
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/plugin/PluginRegistry.h"
#include "runtime/serve/Conversation.h"
#include "runtime/serve/RequestOptions.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Vocabulary.h"

#include <map>
#include <memory>
#include <mutex>

namespace cria {

/// Opens the model of a package on a backend, and its tokenizer if it has one. Everything that is made from
/// it (requests, templates, conversations, engines) must be destroyed before it.
///
/// Thread-safe, except for model(), which is not: an Engine gives several threads access to it.
class LoadedModel {
public:
  /// Errors: those of Package::open(), PluginRegistry::create(), Model::open() and Package::tokenizer().
  static StatusOr<std::unique_ptr<LoadedModel>> open(const std::string &folder,
                                                     const ModelOptions &options = {},
                                                     const PluginSearch &plugins = PluginSearch::standard());
  static StatusOr<std::unique_ptr<LoadedModel>> open(std::shared_ptr<const Package> package,
                                                     const ModelOptions &options = {},
                                                     const PluginSearch &plugins = PluginSearch::standard());
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;

  const Package &package() const { return *package_; }
  PluginRegistry &plugins() const { return *plugins_; }
  Model &model() const { return *model_; }
  /// Null if the package has none because it was compiled from a preset.
  const Tokenizer *tokenizer() const { return tokenizer_.get(); }
  const Vocabulary &vocabulary() const { return *vocabulary_; }
  /// The token that begins every text; -1 if the model has none.
  int32_t bosId() const { return static_cast<int32_t>(package_->manifest().model.bosId); }

  /// Errors: unsupported if the package has no tokenizer. use: what requires one, for the message.
  Status requireTokenizer(std::string_view use) const;
  /// Returns the ids of a prompt: BOS, if the model has one and the text does not begin with it, and the ids
  /// of the text. REQUIRES: tokenizer() is not null. Errors: invalidArgument if the text is not UTF-8.
  StatusOr<std::vector<int32_t>> encodePrompt(std::string_view text,
                                              SpecialTokens specials = SpecialTokens::asText) const;
  /// Returns the first name of a control token in a text; empty if there is none, or no tokenizer.
  std::string findSpecialName(std::string_view text) const;

  /// Returns a request without a prompt. Errors: invalidArgument or notFound for an invalid sampler,
  /// grammar or stop text.
  StatusOr<GenerateRequest> makeRequest(const RequestOptions &options) const;
  /// Returns a request to continue a text. Errors: also those of encodePrompt(); invalidArgument if the
  /// text is empty and the model has no BOS token, or is far too long for the context.
  StatusOr<GenerateRequest> makeRequest(const TextRequest &request) const;
  /// Returns a request to answer a turn of a conversation. What ends it is also what the template states,
  /// and the tokenizer's EOS.
  StatusOr<GenerateRequest> makeRequest(const RequestOptions &options, const ChatTurn &turn) const;

  /// Opens the chat template that an expression names, e.g. "llama2". An empty expression names the template
  /// of the checkpoint, which the plugin jinja runs unless another plugin renders it. "jinja" runs the source
  /// of the checkpoint, unless the expression states another one. Errors: invalidArgument or notFound, with
  /// how to choose another template.
  StatusOr<ChatTemplate> openTemplate(std::string_view expression = {}) const;

private:
  LoadedModel() = default;
  Status openTokenizer();
  StatusOr<GenerateRequest> makeRequest(const RequestOptions &options, GenerateRequest ends) const;
  StatusOr<ChatTemplate> createTemplate(std::string_view name, std::vector<PluginArgument> arguments,
                                        std::string_view expression) const;
  /// Sets what messages of a template must not contain. source: the text of the template; empty if it has
  /// none.
  StatusOr<ChatTemplate> withMarks(StatusOr<ChatTemplate> chat, std::string_view source) const;
  /// The vocabulary whose end-of-text tokens are those of the model and `more`.
  const cria_vocabulary &vocabularyWith(const std::vector<int32_t> &more) const;

  // Each member uses those above it and is destroyed before them.
  std::shared_ptr<const Package> package_;
  std::unique_ptr<PluginRegistry> plugins_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<Vocabulary> vocabulary_;
  mutable std::mutex mutex_;
  mutable std::map<std::vector<int32_t>, Vocabulary> vocabularies_; // by further ends; guarded by mutex_
  std::unique_ptr<Model> model_;
};

} // namespace cria

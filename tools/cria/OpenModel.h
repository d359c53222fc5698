// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the common options to a model that is ready to run.
#pragma once

#include "CommonOptions.h"
#include "runtime/exec/Model.h"
#include "runtime/plugin/PluginRegistry.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Vocabulary.h"

#include <memory>

namespace cria::cli {

/// Everything a subcommand works with; members are destroyed in the reverse order, users before what they
/// use.
struct OpenedModel {
  std::shared_ptr<const Package> package;
  std::unique_ptr<PluginRegistry> registry;
  std::unique_ptr<Tokenizer> tokenizer; // null when the package has none
  std::unique_ptr<Vocabulary> vocabulary;
  std::unique_ptr<Model> model;
  double openSeconds = 0;

  int32_t bosId() const { return static_cast<int32_t>(package->manifest().model.bosId); }
  std::vector<int32_t> eosIds() const;
};

/// Opens the package, compiling a checkpoint into the cache first.
StatusOr<std::shared_ptr<const Package>> openPackage(const CommonOptions &options);

StatusOr<std::unique_ptr<OpenedModel>> openModel(const CommonOptions &options);

/// The tokenizer, or an error that says why `use` needs one.
StatusOr<const Tokenizer *> requireTokenizer(const OpenedModel &opened, std::string_view use);

/// BOS (if the model has one) and the ids of `text`.
StatusOr<std::vector<int32_t>> encodePrompt(const OpenedModel &opened, std::string_view text);

} // namespace cria::cli

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/driver/ModelSource.h"

#include "format/WeightCodec.h"
#include "frontends/CalibratedModel.h"
#include "frontends/Frontend.h"
#include "frontends/FrontendRegistry.h"
#include "frontends/Presets.h"
#include "support/File.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace cria {

static Status applyContext(const CompileJob &job, Checkpoint &checkpoint, CompileObserver &observer) {
  ModelConfig &config = checkpoint.config;
  if (job.context > config.context && checkpoint.contextLimitReason) {
    return error(StatusCode::unsupported, "--context {}: {}", job.context, *checkpoint.contextLimitReason);
  }
  if (job.context > config.context) {
    observer.note(fmt::format("--context {} exceeds the {} positions that the model was trained for",
                              job.context, config.context));
  }
  config.context = job.context != 0 ? job.context : config.context;
  if (config.context > ModelConfig::kMaxContext) {
    return invalidArgument(
        "{}: the context length {} of the model exceeds the maximum of {}; choose a smaller --context",
        job.checkpoint, config.context, ModelConfig::kMaxContext);
  }
  return {};
}

static StatusOr<Checkpoint> openConfigured(const CompileJob &job) {
  if (job.preset.empty()) {
    return openCheckpoint(job.checkpoint, {.requireTokenizer = job.requireTokenizer});
  }
  const std::optional<ModelConfig> preset = findPreset(job.preset);
  if (!preset || !job.randomSeed) {
    return invalidArgument("preset '{}': expected one of {}, with a seed for its weights", job.preset,
                           fmt::join(presetNames(), ", "));
  }
  return Checkpoint{.config = *preset, .weights = WeightFormat::f16};
}

static StatusOr<CheckedTokenizer> checkTokenizer(const CompileJob &job, const Checkpoint &checkpoint,
                                                 CompileObserver &observer) {
  if (!job.checkTokenizer) {
    return CheckedTokenizer{.addedTokens = {}, .bosId = checkpoint.config.bosId};
  }
  std::vector<std::string> notes;
  StatusOr<CheckedTokenizer> checked = job.checkTokenizer(checkpoint.tokenizer, checkpoint.config, notes);
  for (const std::string &text : notes) {
    observer.note(text);
  }
  return checked;
}

/// Also sets the id that begins a prompt, which the tokenizer decides.
static StatusOr<std::optional<PackageTokenizer>>
describeTokenizer(const CompileJob &job, Checkpoint &checkpoint, CompileObserver &observer) {
  const TokenizerData &tokenizer = checkpoint.tokenizer;
  if (tokenizer.model.empty()) {
    return std::optional<PackageTokenizer>();
  }
  CRIA_ASSIGN_OR_RETURN(CheckedTokenizer checked, checkTokenizer(job, checkpoint, observer));
  checkpoint.config.bosId = checked.bosId;
  return std::optional(PackageTokenizer{.kind = tokenizer.kind,
                                        .file = tokenizer.file,
                                        .addedTokens = std::move(checked.addedTokens),
                                        .eosId = checked.eosId,
                                        .prefix = tokenizer.tokens.prefix});
}

/// Notes that a template which no plugin of a format renders cannot be run. The model can be.
static void checkTemplate(const CompileJob &job, const ChatConfig &chat, CompileObserver &observer) {
  const bool isRun = chat.source && !chat.templateName && job.checkTemplate;
  if (const Status status = isRun ? job.checkTemplate(chat) : Status(); !status.ok()) {
    observer.note(fmt::format("the chat template cannot be run: {}; correct it, or name another one in "
                              "'cria chat --chat-template'",
                              status.message()));
  }
}

constexpr uint64_t kMaxRulesBytes = uint64_t(1) << 20;

static Status chooseWeights(const CompileJob &job, ModelSource &model) {
  const Checkpoint &checkpoint = model.checkpoint;
  model.weights = WeightRules::uniform(checkpoint.weights);
  model.weightsName = nameOf(checkpoint.weights);
  if (!job.weights.empty()) {
    CRIA_ASSIGN_OR_RETURN(model.weights, WeightRules::named(job.weights, checkpoint.config));
    model.weightsName = job.weights;
  }
  if (!job.weightRules.empty()) {
    CRIA_ASSIGN_OR_RETURN(const std::string text, readAnyFile(job.weightRules, kMaxRulesBytes));
    CRIA_RETURN_IF_ERROR(model.weights.prepend(text, job.weightRules, checkpoint.config));
    model.weightsName += " and rules";
  }
  return {};
}

/// Whether importance data changes a weight: a matrix is encoded by a search.
static bool hasUseOfImportance(const ModelSource &model) {
  const Checkpoint &checkpoint = model.checkpoint;
  return std::ranges::any_of(linearMatrices(checkpoint.config), [&](LlamaTensor tensor) {
    const TensorRecipe recipe = checkpoint.frontend->recipe(tensor, checkpoint.config);
    const WeightFormat format = model.weights.formatOf(tensor);
    return searchesCodes(traitsOf(format)) && checkpoint.tensors->find(recipe.tensor)->format != format;
  });
}

static Status applyImportance(const CompileJob &job, ModelSource &model, CompileObserver &observer) {
  if (job.importance.empty()) {
    return {};
  }
  if (!job.preset.empty()) {
    return invalidArgument("--importance requires a checkpoint, because random weights are made encoded");
  }
  CRIA_ASSIGN_OR_RETURN(model.errorWeights, readErrorWeights(job.importance, model.checkpoint));
  model.weightsName += " with importance";
  if (!hasUseOfImportance(model)) {
    observer.note(fmt::format("--importance changes nothing: no weight is encoded by a search; choose a "
                              "format such as q4 with --weights"));
  }
  return {};
}

StatusOr<ModelSource> openModel(const CompileJob &job, CompileObserver &observer) {
  ModelSource model;
  CRIA_ASSIGN_OR_RETURN(model.checkpoint, openConfigured(job));
  for (const std::string &text : model.checkpoint.notes) {
    observer.note(text);
  }
  CRIA_ASSIGN_OR_RETURN(model.tokenizer, describeTokenizer(job, model.checkpoint, observer));
  checkTemplate(job, model.checkpoint.chat, observer);
  CRIA_RETURN_IF_ERROR(chooseWeights(job, model));
  CRIA_RETURN_IF_ERROR(applyImportance(job, model, observer));
  CRIA_RETURN_IF_ERROR(applyContext(job, model.checkpoint, observer));
  return model;
}

} // namespace cria

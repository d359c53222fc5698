// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SamplerChain.h"

#include "runtime/plugin/PluginCall.h"

#include <algorithm>
#include <limits>

namespace cria {

/// A sampler of a chain. Owns the object of the plugin.
struct SamplerChain::Stage {
  cria_sampler_api api{};
  cria_sampler *sampler = nullptr;
  std::string where;       // "sampler top_k", for messages
  std::string description; // "top_k(k=40)"

  Stage() = default;
  Stage(Stage &&other) noexcept
      : api(other.api), sampler(std::exchange(other.sampler, nullptr)), where(std::move(other.where)),
        description(std::move(other.description)) {}
  Stage &operator=(Stage &&other) noexcept {
    std::swap(api, other.api);
    std::swap(sampler, other.sampler);
    std::swap(where, other.where);
    std::swap(description, other.description);
    return *this;
  }
  ~Stage() {
    if (sampler != nullptr) {
      api.destroy(sampler);
    }
  }

  StatusOr<Stage> clone() const {
    Stage copy;
    copy.api = api;
    copy.where = where;
    copy.description = description;
    CRIA_RETURN_IF_ERROR(createByPlugin(where, copy.sampler, [&](cria_message *message) {
      return api.clone(sampler, &copy.sampler, message);
    }));
    return copy;
  }
};

SamplerChain::SamplerChain() = default;
SamplerChain::SamplerChain(SamplerChain &&) noexcept = default;
SamplerChain &SamplerChain::operator=(SamplerChain &&) noexcept = default;
SamplerChain::~SamplerChain() = default;

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
static uint64_t mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

double uniformAt(const SamplePoint &point, uint32_t index) {
  const uint64_t bits = mix(mix(mix(mix(point.seed) ^ point.sequence) ^ point.position) ^ index);
  return static_cast<double>(bits >> 11) * 0x1p-53; // 53 bits, the precision of a double
}

namespace {
/// The random numbers of one choice.
struct RandomNumbers {
  SamplePoint point;
  bool areUsed = false;
};
} // namespace

static double uniformOf(void *user, uint32_t index) {
  auto &numbers = *static_cast<RandomNumbers *>(user);
  numbers.areUsed = true;
  return uniformAt(numbers.point, index);
}

/// Adds the position in the expression, if the spec has one.
static Status located(std::string_view expression, size_t position, const Status &status) {
  return position == std::string_view::npos || expression.empty() ? status
                                                                  : locatedIn(expression, position, status);
}

Status SamplerChain::addStage(PluginRegistry &registry, const SamplerSpec &spec,
                              std::string_view expression) {
  const StatusOr<const LoadedPlugin *> plugin = registry.load(PluginKind::sampler, spec.name);
  if (!plugin.ok()) {
    return located(expression, spec.position, plugin.status());
  }
  Stage stage;
  stage.api = readTable<cria_sampler_api>((*plugin)->api);
  stage.where = fmt::format("sampler {}", spec.name);
  size_t position = spec.position;
  StatusOr<PluginOptions> options =
      PluginOptions::check(stage.api.options, stage.api.num_options, spec.arguments, stage.where, &position);
  if (!options.ok()) {
    return located(expression, position, options.status());
  }
  stage.description = spec.name + (options->size() == 0 ? "" : fmt::format("({})", options->describe()));
  CRIA_RETURN_IF_ERROR(createByPlugin(stage.where, stage.sampler, [&](cria_message *message) {
    return stage.api.create(options->data(), options->size(), vocabulary_, &stage.sampler, message);
  }));
  stages_.push_back(std::move(stage));
  return {};
}

StatusOr<std::vector<SamplerSpec>> parseSamplers(std::string_view expression) {
  const bool isBlank = expression.find_first_not_of(" \t\n") == std::string_view::npos;
  return isBlank ? std::vector<SamplerSpec>() : parsePluginExpression(expression);
}

StatusOr<SamplerChain> SamplerChain::create(PluginRegistry &registry, std::span<const SamplerSpec> specs,
                                            const cria_vocabulary &vocabulary, std::string_view expression) {
  SamplerChain chain;
  chain.vocabulary_ = &vocabulary;
  for (const SamplerSpec &spec : specs) {
    CRIA_RETURN_IF_ERROR(chain.addStage(registry, spec, expression));
  }
  if (specs.empty() || specs.back().name != "draw") { // runs only if no sampler before it selects
    const SamplerSpec draw{.name = "draw", .arguments = {}, .position = expression.size()};
    CRIA_RETURN_IF_ERROR(chain.addStage(registry, draw, expression));
  }
  chain.ids_.reserve(vocabulary.size);
  chain.logits_.reserve(vocabulary.size);
  return chain;
}

StatusOr<SamplerChain> SamplerChain::create(PluginRegistry &registry, std::string_view expression,
                                            const cria_vocabulary &vocabulary) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<SamplerSpec> specs, parseSamplers(expression));
  return create(registry, specs, vocabulary, expression);
}

constexpr float kHighest = std::numeric_limits<float>::max();

/// Checks that every logit is finite or -inf and at least one is finite.
static bool areUsable(std::span<const float> logits) {
  bool allUsable = true;
  bool anyFinite = false;
  for (const float logit : logits) { // without branches, since it runs over the vocabulary for every token
    allUsable &= logit <= kHighest;
    anyFinite |= logit >= -kHighest;
  }
  return allUsable && anyFinite;
}

static Status checkLogits(std::span<const float> logits) {
  if (areUsable(logits)) {
    return {};
  }
  const auto bad =
      std::find_if(logits.begin(), logits.end(), [](float logit) { return !(logit <= kHighest); });
  if (bad == logits.end()) {
    return invalidArgument("expected a finite logit, got {} logits of -inf", logits.size());
  }
  return invalidArgument(
      "expected finite logits, got {1} for token {0}; weights or code of the model are damaged",
      bad - logits.begin(), *bad);
}

Status SamplerChain::collect(std::span<const float> logits, std::span<const int32_t> excluded) {
  if (logits.size() != vocabulary_->size) {
    return invalidArgument("expected {1} logits, one per token, got {0}", logits.size(), vocabulary_->size);
  }
  CRIA_RETURN_IF_ERROR(checkLogits(logits));
  ids_.resize(logits.size());
  for (size_t i = 0; i < ids_.size(); ++i) {
    ids_[i] = static_cast<int32_t>(i);
  }
  logits_.assign(logits.begin(), logits.end());
  if (excluded.empty()) {
    return {};
  }
  size_t kept = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::find(excluded.begin(), excluded.end(), static_cast<int32_t>(i)) == excluded.end()) {
      ids_[kept] = static_cast<int32_t>(i);
      logits_[kept++] = logits[i];
    }
  }
  ids_.resize(kept);
  logits_.resize(kept);
  return kept > 0 ? checkLogits(logits_)
                  : invalidArgument("expected a token to choose, but all are excluded");
}

/// Checks that a sampler has only removed and permuted candidates.
static Status checkResult(const cria_candidates &candidates, const cria_candidates &before,
                          uint32_t vocabularySize, std::string_view where) {
  const auto broken = [&](std::string_view what) {
    return error(StatusCode::internal, "{} violates the plugin contract: {}", where, what);
  };
  if (candidates.ids != before.ids || candidates.logits != before.logits) {
    return broken("expected the same arrays of candidates, got others");
  }
  if (candidates.size < 1 || candidates.size > before.size) {
    return broken(fmt::format("expected 1 to {} candidates, got {}", before.size, candidates.size));
  }
  if (candidates.selected < -1 || candidates.selected >= static_cast<int64_t>(candidates.size)) {
    return broken(fmt::format("expected an index below {}, got {}", candidates.size, candidates.selected));
  }
  if (candidates.selected >= 0) {
    const int32_t id = candidates.ids[candidates.selected];
    const bool exists = id >= 0 && static_cast<uint32_t>(id) < vocabularySize;
    return exists ? Status()
                  : broken(fmt::format("expected a token id below {}, got {}", vocabularySize, id));
  }
  const std::span<const float> left(candidates.logits, candidates.size);
  return areUsable(left) ? Status()
                         : broken("expected logits that are finite or -inf, at least one of them finite");
}

StatusOr<int32_t> SamplerChain::run(cria_candidates &candidates, const cria_sample_context &context) {
  for (Stage &stage : stages_) {
    const cria_candidates before = candidates;
    CRIA_RETURN_IF_ERROR(callPlugin(stage.where, [&](cria_message *message) {
      return stage.api.apply(stage.sampler, &candidates, &context, message);
    }));
    CRIA_RETURN_IF_ERROR(checkResult(candidates, before, vocabulary_->size, stage.where));
    if (candidates.selected >= 0) {
      return candidates.ids[candidates.selected];
    }
  }
  return error(StatusCode::internal, "{} violates the plugin contract: expected a selected token, got none",
               stages_.back().where);
}

StatusOr<int32_t> SamplerChain::sample(std::span<const float> logits, const SamplePoint &point,
                                       std::span<const int32_t> excluded) {
  CRIA_RETURN_IF_ERROR(collect(logits, excluded));
  RandomNumbers numbers{.point = point};
  const cria_sample_context context{sizeof(context), 0, point.sequence, point.position, &numbers, uniformOf};
  cria_candidates candidates{};
  candidates.struct_size = sizeof(candidates);
  candidates.ids = ids_.data();
  candidates.logits = logits_.data();
  candidates.size = ids_.size();
  candidates.selected = -1;
  const StatusOr<int32_t> token = run(candidates, context);
  usesRandomNumbers_ |= numbers.areUsed;
  return token;
}

Status SamplerChain::accept(int32_t token, TokenOrigin origin) {
  for (Stage &stage : stages_) {
    if (stage.api.accept != nullptr) {
      CRIA_RETURN_IF_ERROR(callPlugin(stage.where, [&](cria_message *message) {
        return stage.api.accept(stage.sampler, token, static_cast<uint32_t>(origin), message);
      }));
    }
  }
  return {};
}

void SamplerChain::reset() {
  for (Stage &stage : stages_) {
    if (stage.api.reset != nullptr) {
      stage.api.reset(stage.sampler);
    }
  }
}

StatusOr<SamplerChain> SamplerChain::clone() const {
  SamplerChain copy;
  copy.vocabulary_ = vocabulary_;
  for (const Stage &stage : stages_) {
    CRIA_ASSIGN_OR_RETURN(Stage cloned, stage.clone());
    copy.stages_.push_back(std::move(cloned));
  }
  copy.ids_.reserve(vocabulary_->size);
  copy.logits_.reserve(vocabulary_->size);
  return copy;
}

std::string SamplerChain::describe() const {
  std::string result;
  for (const Stage &stage : stages_) {
    result += (result.empty() ? "" : "|") + stage.description;
  }
  return result;
}

} // namespace cria

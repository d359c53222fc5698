// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases of samplers: the contract over many candidates, determinism, distribution, clone and reset.
#include "tools/cria-plugin-test/SamplerChecks.h"

#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "tools/cria-plugin-test/PluginSuite.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace cria::conformance {
namespace {

constexpr size_t kSizes[] = {1, 2, 3, 10, 333, 5000, kTestVocabularySize};
constexpr LogitKind kKinds[] = {LogitKind::normal, LogitKind::peaked, LogitKind::equal,
                                LogitKind::someForbidden, LogitKind::sorted};

/// The sampler under test with its options.
struct SamplerSubject {
  cria_sampler_api api;
  PluginOptions options;
  uint64_t seed;

  SamplerObject make() const { return {api, options}; }
  std::mt19937_64 random() const { return std::mt19937_64(seed); }
};

void feed(SamplerObject &sampler, int32_t first) {
  for (int32_t i = 0; i < 40; ++i) { // a prompt, then generated tokens, with repetitions
    sampler.accept(300 + (first + i * i) % 50, i < 10 ? CRIA_ORIGIN_PROMPT : CRIA_ORIGIN_GENERATED);
  }
}

/// Returns the sampler's results at several positions.
std::vector<Candidates> resultsOf(SamplerObject &sampler, std::mt19937_64 random) {
  std::vector<Candidates> results;
  for (uint64_t position = 0; position < 12; ++position) {
    const LogitKind kind = kKinds[position % std::size(kKinds)];
    results.push_back(sampler.apply(randomCandidates(random, 600, kind), {.position = position}));
  }
  return results;
}

void requireSame(const std::vector<Candidates> &found, const std::vector<Candidates> &expected,
                 std::string_view what) {
  for (size_t i = 0; i < found.size(); ++i) {
    require(found[i] == expected[i],
            "{}: result at position {} differs: expected choice {} of {} candidates, got {} of {}", what, i,
            expected[i].choice(), expected[i].ids.size(), found[i].choice(), found[i].ids.size());
  }
}

void keepsTheContract(const SamplerSubject &subject) {
  std::mt19937_64 random = subject.random();
  SamplerObject sampler = subject.make();
  uint64_t position = 0;
  for (const size_t size : kSizes) {
    for (const LogitKind kind : kKinds) {
      const Candidates left = sampler.apply(randomCandidates(random, size, kind), {.position = position++});
      sampler.accept(left.ids[0], CRIA_ORIGIN_GENERATED);
    }
  }
}

void keepsTheContractWithAHistory(const SamplerSubject &subject) {
  std::mt19937_64 random = subject.random();
  SamplerObject sampler = subject.make();
  feed(sampler, 3);
  for (uint64_t position = 0; position < 60; ++position) {
    (void)sampler.apply(randomCandidates(random, 1 + random() % 400, LogitKind::normal),
                        {.position = position});
  }
}

void repeatsForASeed(const SamplerSubject &subject) {
  SamplerObject one = subject.make();
  SamplerObject other = subject.make();
  const std::vector<Candidates> expected = resultsOf(one, subject.random());
  requireSame(resultsOf(other, subject.random()), expected, "a second sampler with the same seed");
}

/// Checks that interleaved samplers give the results that each gives alone: no state is shared, and random
/// numbers come from uniform() only.
void isIndependentOfOthers(const SamplerSubject &subject) {
  SamplerObject alone = subject.make();
  SamplerObject one = subject.make();
  SamplerObject other = subject.make();
  std::mt19937_64 random = subject.random(), noise(subject.seed + 99);
  for (uint64_t position = 0; position < 30; ++position) {
    const Candidates candidates = randomCandidates(random, 300, LogitKind::normal);
    const Candidates expected = alone.apply(candidates, {.position = position});
    for (int i = 0; i < 3; ++i) {
      (void)other.apply(randomCandidates(noise, 50, LogitKind::normal),
                        {.sequence = 1, .position = position});
    }
    require(one.apply(candidates, {.position = position}) == expected,
            "position {}: result depends on calls of another sampler", position);
  }
}

void clonesItsState(const SamplerSubject &subject) {
  SamplerObject original = subject.make();
  feed(original, 7);
  SamplerObject copy = original.clone();
  SamplerObject other = original.clone();
  const std::vector<Candidates> expected = resultsOf(original, subject.random());
  requireSame(resultsOf(copy, subject.random()), expected, "a clone");
  feed(copy, 31); // must not affect `other`
  (void)resultsOf(copy, subject.random());
  requireSame(resultsOf(other, subject.random()), expected, "a clone after calls of another clone");
}

void resetsToNew(const SamplerSubject &subject) {
  SamplerObject fresh = subject.make();
  SamplerObject used = subject.make();
  feed(used, 11);
  (void)resultsOf(used, subject.random());
  used.reset();
  requireSame(resultsOf(used, subject.random()), resultsOf(fresh, subject.random()), "after reset");
}

/// Checks that a sampler which chooses tokens either follows the softmax of the candidates that it keeps or
/// always chooses the most probable one. Unsupported for samplers that choose no token.
void choosesByProbability(const SamplerSubject &subject) {
  std::mt19937_64 random = subject.random();
  const Candidates candidates = randomCandidates(random, 12, LogitKind::normal);
  constexpr int kDraws = 20000;
  std::map<int32_t, int> counts;
  Candidates left;
  for (uint64_t position = 0; position < kDraws; ++position) {
    SamplerObject sampler = subject.make(); // with no history
    left = sampler.apply(candidates, {.position = position});
    if (left.selected < 0) {
      throw Unsupported("the sampler does not choose a token");
    }
    ++counts[left.choice()];
  }
  if (counts.size() == 1) {
    const auto best =
        std::max_element(candidates.logits.begin(), candidates.logits.end()) - candidates.logits.begin();
    require(counts.begin()->first == candidates.ids[static_cast<size_t>(best)],
            "always chooses id {}, which is not the most probable one", counts.begin()->first);
    return;
  }
  double total = 0, chi = 0;
  const float highest = *std::max_element(left.logits.begin(), left.logits.end());
  for (const float logit : left.logits) {
    total += std::exp(static_cast<double>(logit - highest));
  }
  int cells = 0;
  for (size_t i = 0; i < left.ids.size(); ++i) {
    const double expected = kDraws * std::exp(static_cast<double>(left.logits[i] - highest)) / total;
    if (expected >= 5) {
      chi += std::pow(counts[left.ids[i]] - expected, 2) / expected;
      ++cells;
    }
  }
  const double limit = cells + 6 * std::sqrt(2.0 * cells) + 10; // six standard deviations and a margin
  require(chi <= limit,
          "choices in {} draws do not follow the softmax of the kept candidates: expected chi-squared over "
          "{} tokens of at most {:.0f}, got {:.0f}",
          kDraws, cells, limit, chi);
}

void refusesNoCandidates(const SamplerSubject &subject) {
  cria_sampler *sampler = nullptr;
  (void)subject.api.create(subject.options.data(), subject.options.size(), &testVocabulary().view(), &sampler,
                           nullptr);
  require(sampler != nullptr, "create: expected an instance, got null");
  cria_candidates none{};
  none.struct_size = sizeof(none);
  none.selected = -1;
  const cria_sample_context context{sizeof(context), 0, 0, 0, nullptr, [](void *, uint32_t) { return 0.5; }};
  const cria_status status = subject.api.apply(sampler, &none, &context, nullptr);
  subject.api.destroy(sampler);
  require(status == CRIA_STATUS_INVALID_ARGUMENT, "no candidates: expected status {}, got {}",
          CRIA_STATUS_INVALID_ARGUMENT, status);
}

/// Checks that every numeric option accepts both ends of its declared range.
void takesItsRanges(const SamplerSubject &subject) {
  for (uint32_t changed = 0; changed < subject.options.size(); ++changed) {
    const auto info = readTable<cria_option_info>(subject.api.options[changed]);
    require(info.description.size > 0, "option '{}' has no description", view(info.name));
    if (info.type == CRIA_OPTION_STRING) {
      continue;
    }
    require(info.minimum <= info.maximum, "option '{}' has the empty range {} to {}", view(info.name),
            info.minimum, info.maximum);
    for (const double value : {info.minimum, info.maximum}) {
      std::vector<const cria_option *> options(subject.options.data(),
                                               subject.options.data() + subject.options.size());
      cria_option option = *options[changed];
      option.number = value;
      option.integer = info.type == CRIA_OPTION_FLOAT ? 0 : static_cast<int64_t>(value);
      options[changed] = &option;
      cria_sampler *sampler = nullptr;
      MessageBuffer message;
      const cria_status status = subject.api.create(options.data(), subject.options.size(),
                                                    &testVocabulary().view(), &sampler, message.get());
      require(status == CRIA_STATUS_OK && sampler != nullptr,
              "option '{}' = {}, an end of its declared range: expected status ok from create, got {} ('{}')",
              view(info.name), value, status, message.text());
      subject.api.destroy(sampler);
    }
  }
}

constexpr struct {
  const char *name;
  void (*run)(const SamplerSubject &);
} kSamplerCases[] = {
    {"options/ranges", takesItsRanges},
    {"contract/candidates", keepsTheContract},
    {"contract/candidates-with-history", keepsTheContractWithAHistory},
    {"contract/no-candidates-refused", refusesNoCandidates},
    {"determinism/seed", repeatsForASeed},
    {"determinism/independent-of-others", isIndependentOfOthers},
    {"state/clone", clonesItsState},
    {"state/reset", resetsToNew},
    {"distribution/choice", choosesByProbability},
};

} // namespace

std::vector<Case> samplerCases(const LoadedPlugin &plugin, const SuiteOptions &suiteOptions) {
  const auto api = readTable<cria_sampler_api>(plugin.api);
  auto options = optionsFor(plugin, {api.options, api.num_options}, suiteOptions);
  if (!options.ok()) {
    return {optionsRefused(options.status())};
  }
  const auto subject = std::make_shared<const SamplerSubject>(
      SamplerSubject{api, std::move(options).value(), suiteOptions.seed});
  return casesOf(kSamplerCases, subject);
}

} // namespace cria::conformance

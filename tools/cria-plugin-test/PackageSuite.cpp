// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/PackageSuite.h"

#include "runtime/exec/Stepper.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace cria::conformance {

namespace {

/// Tolerances relative to the range of the reference's logits. The first allows for another order of
/// summation, the second also for values that round differently to 16 bits.
constexpr float kTolerance = 1e-3f, kHalfTolerance = 2e-2f;
constexpr uint32_t kPromptTokens = 70, kDecodedTokens = 24;
constexpr size_t kNumSequences = 3;

/// The state that the cases of one package share.
struct PackageSubject {
  const LoadedPlugin &plugin;
  uint32_t device;
  uint64_t seed;
  std::shared_ptr<const Package> package;
  std::unique_ptr<PluginRegistry> registry;                    // contains `reference`
  mutable std::map<const void *, std::vector<float>> expected; // cached logits of the reference, by route

  float tolerance() const {
    const PackageOptions &options = package->manifest().options;
    return options.weights == "f32" && options.kv == "f32" ? kTolerance : kHalfTolerance;
  }
};
using SubjectPtr = std::shared_ptr<const PackageSubject>;

std::unique_ptr<Model> checked(StatusOr<std::unique_ptr<Model>> model) {
  require(model.ok(), "{}", model.status().message());
  return std::move(model).value();
}

std::unique_ptr<Model> openReference(const PackageSubject &subject) {
  return checked(Model::open(subject.package, *subject.registry, {.backend = "reference", .target = "ops"}));
}

std::unique_ptr<Model> openTested(const PackageSubject &subject, const std::string &target) {
  const auto *api = static_cast<const cria_backend_api *>(subject.plugin.api);
  const BackendReference backend{.name = subject.plugin.name, .api = api};
  auto model = Model::open(subject.package, std::span(&backend, 1),
                           {.backend = backend.name,
                            .target = target,
                            .device = subject.device,
                            .debug = {.poisonBuffers = true}});
  if (model.status().code() == StatusCode::unsupported) {
    throw Unsupported(std::string(model.status().message()));
  }
  return checked(std::move(model));
}

std::vector<int32_t> randomTokens(const Model &model, uint32_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int32_t> ids(0, static_cast<int32_t>(model.vocabSize()) - 1);
  std::vector<int32_t> tokens(std::min(count, model.context()));
  std::generate(tokens.begin(), tokens.end(), [&] { return ids(random); });
  return tokens;
}

void requireOk(const Status &status) { require(status.ok(), "{}", status.message()); }

using Logits = std::vector<float>;

/// Returns the logits of every token of a prompt.
Logits prefill(Model &model, std::span<const int32_t> tokens) {
  Logits all;
  Session session(model);
  requireOk(session.prefill(
      tokens,
      [&](uint32_t, std::span<const float> logits) {
        all.insert(all.end(), logits.begin(), logits.end());
        return Status();
      },
      /*all=*/true));
  return all;
}

/// Returns the logits of a prompt of one token and of each decoded token.
Logits decode(Model &model, std::span<const int32_t> tokens) {
  Logits all;
  Session session(model);
  const auto keep = [&](uint32_t, std::span<const float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
    return Status();
  };
  requireOk(session.prefill(tokens.first(1), keep));
  for (const int32_t token : tokens.subspan(1, std::min<size_t>(kDecodedTokens, tokens.size() - 1))) {
    const auto logits = session.decode(token);
    requireOk(logits.status());
    requireOk(keep(0, *logits));
  }
  return all;
}

/// Returns the logits of a step with prompts of different lengths, then of a step with one more token of
/// each.
Logits several(Model &model, std::span<const int32_t> tokens) {
  std::vector<Session> sessions;
  const size_t count =
      std::min<size_t>({kNumSequences, model.limits().maxSequences, model.limits().maxTokens, tokens.size()});
  for (size_t i = 0; i < count; ++i) {
    sessions.emplace_back(model);
  }
  Stepper stepper(model);
  Logits all;
  const size_t longest = std::min<size_t>(tokens.size() / 2, model.limits().maxTokens / count);
  for (const bool isPrompt : {true, false}) {
    std::vector<StepItem> items;
    if (!isPrompt && sessions[0].room() == 0) {
      break;
    }
    for (size_t i = 0; i < count; ++i) {
      const size_t length = isPrompt ? std::max<size_t>(1, longest / (i + 1)) : 1;
      items.push_back({.session = &sessions[i], .tokens = tokens.subspan(i, length), .numOutputs = 1});
    }
    const auto logits = stepper.run(isPrompt ? Phase::prefill : Phase::decode, items);
    requireOk(logits.status());
    all.insert(all.end(), logits->begin(), logits->end());
  }
  return all;
}

void requireNear(const Logits &found, const Logits &expected, uint32_t vocabSize, float tolerance) {
  require(found.size() == expected.size(), "expected {} logits, got {}", expected.size(), found.size());
  for (size_t begin = 0; begin < expected.size(); begin += vocabSize) {
    const auto [low, high] =
        std::minmax_element(expected.begin() + static_cast<ptrdiff_t>(begin),
                            expected.begin() + static_cast<ptrdiff_t>(begin + vocabSize));
    const float allowed = tolerance * (*high - *low);
    for (size_t i = begin; i < begin + vocabSize; ++i) {
      require(std::fabs(found[i] - expected[i]) <= allowed, // false for NaN
              "row {}, logit {}: expected {} within {}, got {}", begin / vocabSize, i - begin, expected[i],
              allowed, found[i]);
    }
  }
}

using Route = Logits (*)(Model &, std::span<const int32_t>);

const Logits &expectedOf(const PackageSubject &subject, Route route, std::span<const int32_t> tokens) {
  const auto *key = reinterpret_cast<const void *>(route);
  if (!subject.expected.contains(key)) {
    subject.expected.emplace(key, route(*openReference(subject), tokens));
  }
  return subject.expected.at(key);
}

void compare(const PackageSubject &subject, const std::string &target, Route route) {
  const auto tested = openTested(subject, target);
  const std::vector<int32_t> tokens = randomTokens(*tested, kPromptTokens, subject.seed);
  const Logits found = route(*tested, tokens);
  requireNear(found, expectedOf(subject, route, tokens), tested->vocabSize(), subject.tolerance());
}

void repeat(const PackageSubject &subject, const std::string &target) {
  const auto tested = openTested(subject, target);
  const std::vector<int32_t> tokens = randomTokens(*tested, kPromptTokens, subject.seed);
  for (const Route route : {prefill, decode, several}) {
    const Logits first = route(*tested, tokens), second = route(*tested, tokens);
    require(std::equal(first.begin(), first.end(), second.begin(), second.end()),
            "expected the same logits when the same steps are repeated");
  }
}

void requireOneThatRuns(const PackageSubject &subject) {
  std::string reasons;
  for (const PackageTarget &target : subject.package->manifest().targets) {
    try {
      openTested(subject, target.name);
      return;
    } catch (const Unsupported &reason) {
      reasons += std::string("; ") + reason.what();
    }
  }
  throw Failure("backend runs no target of the package" + reasons);
}

} // namespace

StatusOr<std::vector<Case>> packageCases(const LoadedPlugin &plugin, const SuiteOptions &options) {
  auto subject =
      std::make_shared<PackageSubject>(PackageSubject{plugin, options.device, options.seed, {}, {}, {}});
  CRIA_ASSIGN_OR_RETURN(subject->package, Package::open(options.package));
  CRIA_ASSIGN_OR_RETURN(subject->registry, PluginRegistry::create(PluginSearch::standard()));
  if (subject->package->manifest().findTarget("ops") == nullptr) {
    return error(StatusCode::unsupported,
                 "{}: expected a target 'ops' for the reference; compile with --target ops and a target of "
                 "the backend",
                 options.package);
  }
  CRIA_RETURN_IF_ERROR(subject->registry->load(PluginKind::backend, "reference").status());
  const SubjectPtr shared = std::move(subject);
  std::vector<Case> cases = {{"package/runs", [shared] { requireOneThatRuns(*shared); }}};
  constexpr std::pair<const char *, Route> kRoutes[] = {
      {"prefill", prefill}, {"decode", decode}, {"batch", several}};
  for (const PackageTarget &target : shared->package->manifest().targets) {
    for (const auto &[name, route] : kRoutes) {
      cases.push_back({fmt::format("package/{}/{}", target.name, name),
                       [shared, name = target.name, route = route] { compare(*shared, name, route); }});
    }
    cases.push_back({fmt::format("package/{}/repeat", target.name),
                     [shared, name = target.name] { repeat(*shared, name); }});
  }
  return cases;
}

} // namespace cria::conformance

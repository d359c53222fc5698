// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Probes every target on every backend, and collects the reasons for one message if none of them runs.
#include "runtime/exec/TargetChoice.h"

#include "runtime/plugin/PluginCall.h"

#include <algorithm>
#include <set>

namespace cria {

namespace {
/// The score of backends that accept everything and compute nothing, such as `null`.
constexpr uint32_t kComputesNothing = 1;

/// "target a is", "targets a, b are"
std::string countedTargets(const std::set<std::string> &names) {
  return fmt::format("target{} {} {}", names.size() == 1 ? "" : "s", fmt::join(names, ", "),
                     names.size() == 1 ? "is" : "are");
}

class Chooser {
public:
  Chooser(const ModelOptions &options, const std::vector<std::string> &refused)
      : options_(options), reasons_(refused) {}

  void consider(const BackendReference &backend, const Manifest &manifest);
  StatusOr<TargetRanking> result(const Manifest &manifest);

private:
  Status checkDevice(const cria_backend_api &api) const;
  void probe(const BackendReference &backend, const cria_backend_api &api, const PackageTarget &target);

  const ModelOptions &options_;
  std::vector<std::string> reasons_;
  std::set<std::string> native_;      // targets with code, if options_ exclude it
  std::set<std::string> onlyIfNamed_; // backends that run a target, but only if options_ name them
  TargetRanking ranking_;
};

Status Chooser::checkDevice(const cria_backend_api &api) const {
  uint32_t count = 0;
  CRIA_RETURN_IF_ERROR(
      callPlugin("device count", [&](cria_message *m) { return api.device_count(&count, m); }));
  if (options_.device >= count) {
    return error(StatusCode::notFound, "device {} does not exist; the backend has {} device{}",
                 options_.device, count, count == 1 ? "" : "s");
  }
  return {};
}

void Chooser::consider(const BackendReference &backend, const Manifest &manifest) {
  cria_backend_api api = readTable<cria_backend_api>(backend.api);
  if (!options_.backend.empty() && options_.backend != backend.name) {
    return;
  }
  if (Status status = checkDevice(api); !status.ok()) {
    reasons_.push_back(fmt::format("{}: {}", backend.name, status.message()));
    return;
  }
  for (const PackageTarget &target : manifest.targets) {
    if (!options_.target.empty() && options_.target != target.name) {
      continue;
    }
    if (options_.allowNativeCode || target.code.empty()) {
      probe(backend, api, target);
    } else {
      native_.insert(target.name);
    }
  }
}

void Chooser::probe(const BackendReference &backend, const cria_backend_api &api,
                    const PackageTarget &target) {
  cria_executable_info info = {.struct_size = sizeof(cria_executable_info),
                               .kernel_abi = target.abiVersion,
                               .format = abiString(target.format),
                               .features = abiString(target.features)};
  uint32_t score = 0;
  MessageBuffer message;
  cria_status answer = api.probe(options_.device, &info, &score, message.get());
  bool mustBeNamed = (api.flags & CRIA_BACKEND_EXPLICIT_ONLY) != 0 && options_.backend.empty();
  bool accepts = answer == CRIA_STATUS_OK && score > 0;
  bool computes = accepts && score > kComputesNothing;
  if (mustBeNamed && !(computes && !options_.allowNativeCode)) {
    if (computes) {
      onlyIfNamed_.insert(backend.name);
    }
    return;
  }
  if (!accepts || !message.text().empty()) {
    ranking_.remarks.push_back(
        {backend.name, fmt::format("{} with target {}: {}", backend.name, target.name, message.text())});
  }
  if (accepts) {
    ranking_.choices.push_back({.backend = &backend, .target = &target, .score = score});
  }
}

StatusOr<TargetRanking> Chooser::result(const Manifest &manifest) {
  if (!ranking_.choices.empty()) {
    std::stable_sort(ranking_.choices.begin(), ranking_.choices.end(),
                     [](const TargetChoice &a, const TargetChoice &b) { return a.score > b.score; });
    return std::move(ranking_);
  }
  if (!options_.target.empty() && !manifest.findTarget(options_.target)) {
    std::vector<std::string> names;
    for (const PackageTarget &target : manifest.targets) {
      names.push_back(target.name);
    }
    return error(StatusCode::notFound, "the package has no target '{}'; it has {}", options_.target,
                 fmt::join(names, ", "));
  }
  for (const TargetRemark &refusal : ranking_.remarks) {
    reasons_.push_back(refusal.text);
  }
  if (!native_.empty()) {
    reasons_.push_back(
        fmt::format("{} excluded, because of native code; compile the model with --target ops, "
                    "or run it without --no-native-code if you trust its origin",
                    countedTargets(native_)));
  }
  std::string named =
      onlyIfNamed_.empty() ? "" : fmt::format("; these run it if named: {}", fmt::join(onlyIfNamed_, ", "));
  return error(StatusCode::unsupported, "no backend runs this package on this machine{}{}{}",
               reasons_.empty() ? ": none is loaded" : "; ", fmt::join(reasons_, "; "), named);
}
} // namespace

std::vector<std::string> TargetRanking::remarksOf(std::string_view backend) const {
  std::vector<std::string> texts;
  for (const TargetRemark &remark : remarks) {
    if (remark.backend == backend) {
      texts.push_back(remark.text);
    }
  }
  return texts;
}

StatusOr<TargetRanking> rankTargets(const Manifest &manifest, std::span<const BackendReference> backends,
                                    const ModelOptions &options, const std::vector<std::string> &refused) {
  Chooser chooser(options, refused);
  for (const BackendReference &backend : backends) {
    chooser.consider(backend, manifest);
  }
  return chooser.result(manifest);
}

} // namespace cria

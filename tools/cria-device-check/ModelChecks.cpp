// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Checks.h"

#include "tests/testing/GoldenLogits.h"

#include <fmt/format.h>
#include <set>

namespace cria::check {
namespace {

namespace fs = std::filesystem;

Row checkModel(const CheckOptions &options, const std::shared_ptr<const Package> &package,
               const std::string &name, const std::string &target) {
  Row row{.section = "model", .name = name, .target = target, .text = {}};
  ModelOptions modelOptions;
  modelOptions.backend = options.backend;
  modelOptions.target = target;
  modelOptions.device = options.device;
  modelOptions.debug.poisonBuffers = true;
  try {
    const StatusOr<std::unique_ptr<Model>> model = Model::open(package, *options.registry, modelOptions);
    if (!model.ok()) {
      throw std::runtime_error(model.status().message());
    }
    const test::GoldenAgreement agreement = test::compareLogits(
        **model, test::readGoldenFile((options.data / "golden" / (name + ".safetensors")).string()));
    row.outcome = agreement.isWithin(test::kHalfTolerance, test::kTensorCoreArgmaxShare) ? Outcome::ok
                                                                                         : Outcome::failed;
    row.text = fmt::format("largest error {:.1e} of the logits' range; same best token at {} of {} positions",
                           agreement.worst, agreement.sameBest, agreement.positions);
    row.values = {
        {"error", agreement.worst}, {"same_best", agreement.sameBest}, {"positions", agreement.positions}};
  } catch (const std::runtime_error &failure) {
    row.outcome = Outcome::failed;
    row.text = failure.what();
  }
  return row;
}

} // namespace

void checkModels(const CheckOptions &options, Report &report) {
  std::set<fs::path> folders;
  for (const fs::directory_entry &entry : fs::directory_iterator(options.data / "models")) {
    folders.insert(entry.path());
  }
  for (const fs::path &folder : folders) {
    const std::string name = folder.stem().string();
    if (!isSelected(options, name)) {
      continue;
    }
    const StatusOr<std::shared_ptr<const Package>> package = Package::open(folder.string());
    if (!package.ok()) {
      report.add({"model", name, "", Outcome::failed, package.status().message()});
      continue;
    }
    for (const PackageTarget &target : (*package)->manifest().targets) {
      if (runsOn(options, target.format, target.features, target.abiVersion)) {
        report.add(checkModel(options, *package, name, target.name));
      }
    }
  }
}

} // namespace cria::check

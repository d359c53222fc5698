// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/CompiledModel.h"

#include "tests/testing/Process.h"

#include <map>
#include <stdexcept>

namespace cria::test {
namespace {

void check(const Status &status) {
  if (!status.ok()) {
    throw std::runtime_error(status.message());
  }
}

template <typename T> T take(StatusOr<T> value) {
  check(value.status());
  return std::move(value).value();
}

} // namespace

std::string compileModel(const std::string &model, const std::vector<std::string> &arguments) {
  static const TemporaryFolder folder;
  static std::map<std::vector<std::string>, std::string> compiled;
  std::vector<std::string> all = arguments;
  if (!model.empty()) {
    all.insert(all.begin(), model);
  }
  if (const auto found = compiled.find(all); found != compiled.end()) {
    return found->second;
  }
  const std::string package = folder.path(std::to_string(compiled.size()) + ".cria");
  const std::vector<std::string> key = all;
  all.insert(all.end(), {"-o", package, "--quiet"});
  const ProcessResult result = runProcess(CRIA_BINARY_DIR "/bin/cria-compile", all);
  if (result.exitCode != 0) {
    throw std::runtime_error("cria-compile failed: " + result.errors);
  }
  return compiled[key] = package;
}

PluginRegistry &testRegistry() {
  static const std::unique_ptr<PluginRegistry> registry =
      take(PluginRegistry::create({.folders = {CRIA_BINARY_DIR "/plugins", CRIA_BINARY_DIR "/dev-plugins"},
                                   .environment = "",
                                   .executable = ""}));
  return *registry;
}

std::unique_ptr<Model> openCompiled(const std::string &package, const OpenOptions &options) {
  ModelOptions modelOptions;
  modelOptions.backend = options.backend;
  modelOptions.target = options.target;
  modelOptions.numThreads = options.threads;
  modelOptions.kvMemoryBytes = options.kvMemoryBytes;
  modelOptions.poison = true;
  return take(
      Model::open(take(Package::open(package, {.verifyWeights = true})), testRegistry(), modelOptions));
}

std::vector<float> prefillLogits(Model &model, std::span<const int32_t> tokens, size_t chunk) {
  std::vector<float> all;
  Session session(model);
  const LogitsCallback append = [&](uint32_t, std::span<const float> logits) {
    all.insert(all.end(), logits.begin(), logits.end());
    return Status();
  };
  for (size_t start = 0; start < tokens.size(); start += std::min(chunk, tokens.size() - start)) {
    check(
        session.prefill(tokens.subspan(start, std::min(chunk, tokens.size() - start)), append, /*all=*/true));
  }
  return all;
}

bool runsHere(const std::string &target) {
  __builtin_cpu_init();
  if (target == "cpu-x86-64-v4") {
    return __builtin_cpu_supports("x86-64-v4") != 0;
  }
  return target != "cpu-x86-64-v3" || __builtin_cpu_supports("x86-64-v3") != 0;
}

} // namespace cria::test

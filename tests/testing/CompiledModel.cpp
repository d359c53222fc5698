// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/CompiledModel.h"

#include "support/CpuLevel.h"

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
  modelOptions.debug.poisonBuffers = true;
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
  constexpr std::string_view kPrefix = "cpu-x86-64-";
  return !target.starts_with(kPrefix) || cpuHas(target.substr(std::string_view("cpu-").size()));
}

} // namespace cria::test

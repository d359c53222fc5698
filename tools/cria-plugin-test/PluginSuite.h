// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cases for a plugin of any kind, as its sidecar describes it.
#pragma once

#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"
#include "tools/cria-plugin-test/Suite.h"

#include <filesystem>
#include <memory>
#include <span>

namespace cria::conformance {

struct SuiteOptions {
  /// For samplers and chat templates: options as in an expression, e.g. "p=0.9"; empty: the defaults.
  std::string arguments;
  uint32_t device = 0; // of a backend
  /// For backends of compiled code: a package with their target and `ops`; empty: none.
  std::string package;
  uint64_t seed = 1;
};

/// A plugin that was found by its sidecar and loaded, and its cases. Lives as long as cases run.
class PluginSuite {
public:
  /// path: a sidecar, the library beside one, or a folder with one plugin. Errors: notFound, and why the
  /// plugin is refused.
  static StatusOr<std::unique_ptr<PluginSuite>> open(const std::filesystem::path &path,
                                                     const SuiteOptions &options = {});
  ~PluginSuite();

  const LoadedPlugin &plugin() const;
  const std::filesystem::path &sidecar() const;
  const std::vector<Case> &cases() const;

private:
  struct Impl;
  explicit PluginSuite(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The options of a sampler or chat template after SuiteOptions::arguments.
StatusOr<PluginOptions> optionsFor(const LoadedPlugin &plugin, std::span<const cria_option_info *const> known,
                                   const SuiteOptions &options);
/// The case that says why there are no others.
Case optionsRefused(const Status &why);

/// Cases of a sampler and of a chat template; registry and plugin outlive them.
std::vector<Case> samplerCases(const LoadedPlugin &plugin, const SuiteOptions &options);
std::vector<Case> chatCases(const LoadedPlugin &plugin, const SuiteOptions &options);

} // namespace cria::conformance

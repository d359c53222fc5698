// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cases for a plugin of any kind, according to its manifest.
#pragma once

#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"
#include "tools/cria-plugin-test/Suite.h"

#include <filesystem>
#include <memory>
#include <span>

namespace cria::conformance {

struct SuiteOptions {
  /// Samplers and chat templates: options as in an expression, such as "p=0.9"; empty for the defaults.
  std::string arguments;
  uint32_t device = 0; // backends: device number
  /// Backends of compiled code: a package with a target that they run and with `ops`; empty for none.
  std::string package;
  uint64_t seed = 1;
};

/// A loaded plugin and its cases, which must not outlive it.
class PluginSuite {
public:
  /// Loads the plugin at `path`: a manifest, the library next to one, or a folder with one plugin. Errors:
  /// notFound; unsupported if the plugin is refused.
  static StatusOr<std::unique_ptr<PluginSuite>> open(const std::filesystem::path &path,
                                                     const SuiteOptions &options = {});
  ~PluginSuite();

  const LoadedPlugin &plugin() const;
  const std::filesystem::path &manifest() const;
  const std::vector<Case> &cases() const;

private:
  struct Impl;
  explicit PluginSuite(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Parses SuiteOptions::arguments as options of a sampler or chat template.
StatusOr<PluginOptions> optionsFor(const LoadedPlugin &plugin, std::span<const cria_option_info *const> known,
                                   const SuiteOptions &options);
/// Returns a case that fails because the options were refused.
Case optionsRefused(const Status &why);

/// Return the cases of a sampler and of a chat template. The plugin and its registry must outlive them.
std::vector<Case> samplerCases(const LoadedPlugin &plugin, const SuiteOptions &options);
std::vector<Case> chatCases(const LoadedPlugin &plugin, const SuiteOptions &options);

} // namespace cria::conformance

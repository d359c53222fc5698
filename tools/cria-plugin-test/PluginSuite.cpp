// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/PluginSuite.h"

#include "format/ElementType.h"
#include "runtime/plugin/PluginManifest.h"
#include "tools/cria-plugin-test/BackendSuite.h"
#include "tools/cria-plugin-test/PackageSuite.h"

#include <algorithm>

namespace cria::conformance {

namespace fs = std::filesystem;

struct PluginSuite::Impl {
  std::unique_ptr<PluginRegistry> registry;
  const LoadedPlugin *plugin = nullptr;
  fs::path manifest;
  std::unique_ptr<BackendSubject> backend;
  std::vector<Case> cases;
};

PluginSuite::PluginSuite(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PluginSuite::~PluginSuite() = default;
const LoadedPlugin &PluginSuite::plugin() const { return *impl_->plugin; }
const fs::path &PluginSuite::manifest() const { return impl_->manifest; }
const std::vector<Case> &PluginSuite::cases() const { return impl_->cases; }

/// Returns the candidate at `path`: a manifest, a library, or the only plugin of a folder.
static StatusOr<PluginCandidate> choose(const std::vector<PluginCandidate> &candidates,
                                        const fs::path &path) {
  std::vector<PluginCandidate> meant;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(meant),
               [&](const PluginCandidate &candidate) {
                 return fs::is_directory(path) || candidate.manifest == path || candidate.library == path;
               });
  if (meant.size() != 1) {
    return error(StatusCode::notFound, "{}: expected {}, got {} plugins", path.string(),
                 fs::is_directory(path)
                     ? "a folder with one plugin, or the path of a plugin manifest or library"
                     : "a plugin manifest (NAME.cria-plugin.json) or the library next to one",
                 meant.size());
  }
  return meant[0];
}

StatusOr<PluginOptions> optionsFor(const LoadedPlugin &plugin, std::span<const cria_option_info *const> known,
                                   const SuiteOptions &options) {
  CRIA_ASSIGN_OR_RETURN(const auto expression,
                        parsePluginExpression(plugin.name + "(" + options.arguments + ")"));
  return PluginOptions::check(known.data(), static_cast<uint32_t>(known.size()), expression[0].arguments,
                              plugin.name);
}

Case optionsRefused(const Status &why) {
  return {"options/defaults",
          [text = std::string(why.message())] { throw Failure(text + "; set options with --options"); }};
}

/// REQUIRES: `name` is in the plugin manifest, which lists element types of the opset only.
static uint32_t typeOf(const std::string &name) { return uint32_t(parseElementType(name).value()); }

static BackendSubject subjectOf(const LoadedPlugin &plugin, const std::optional<SupportedOps> &supported,
                                const SuiteOptions &options) {
  BackendSubject subject{.backend = Backend::at(plugin.library),
                         .device = options.device,
                         .ops = allOps(),
                         .seed = options.seed};
  if (!supported) {
    return subject;
  }
  subject.opset = supported->version;
  subject.ops.clear();
  for (const auto &[name, op] : supported->ops) {
    subject.ops.insert(name);
    for (const auto &[operand, types] : op.types) {
      std::set<uint32_t> &listed = subject.types[name + "/" + operand];
      std::transform(types.begin(), types.end(), std::inserter(listed, listed.end()), typeOf);
    }
    if (name == "fused_linear") {
      subject.fusedParts = op.parts;
    }
  }
  return subject;
}

StatusOr<std::unique_ptr<PluginSuite>> PluginSuite::open(const fs::path &path, const SuiteOptions &options) {
  std::error_code failure;
  const fs::path found = fs::canonical(path, failure);
  if (failure) {
    return error(StatusCode::notFound,
                 "{}: {}; expected a plugin manifest, a library or a folder with one plugin", path.string(),
                 failure.message());
  }
  auto impl = std::make_unique<Impl>();
  const fs::path folder = fs::is_directory(found) ? found : found.parent_path();
  CRIA_ASSIGN_OR_RETURN(impl->registry,
                        PluginRegistry::create({.folders = {folder}, .environment = {}, .executable = {}}));
  CRIA_ASSIGN_OR_RETURN(const PluginCandidate candidate, choose(impl->registry->list(false), found));
  const std::optional<PluginKind> kind = pluginKindFromString(candidate.kind);
  if (!kind || candidate.refused) {
    return error(StatusCode::unsupported, "{}: {}", candidate.manifest.string(), candidate.reason);
  }
  CRIA_ASSIGN_OR_RETURN(impl->plugin, impl->registry->load(*kind, candidate.name));
  impl->manifest = candidate.manifest;
  if (*kind == PluginKind::backend) {
    impl->backend = std::make_unique<BackendSubject>(subjectOf(*impl->plugin, candidate.ops, options));
    impl->cases = contractCases(*impl->backend);
    std::vector<Case> ops = opCases(*impl->backend);
    impl->cases.insert(impl->cases.end(), ops.begin(), ops.end());
    if (!options.package.empty()) {
      CRIA_ASSIGN_OR_RETURN(const std::vector<Case> models, packageCases(*impl->plugin, options));
      impl->cases.insert(impl->cases.end(), models.begin(), models.end());
    }
  } else {
    impl->cases = *kind == PluginKind::sampler ? samplerCases(*impl->plugin, options)
                                               : chatCases(*impl->plugin, options);
  }
  return std::unique_ptr<PluginSuite>(new PluginSuite(std::move(impl)));
}

} // namespace cria::conformance

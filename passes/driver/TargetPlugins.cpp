// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/driver/TargetPlugins.h"

#include "passes/targets/TargetRegistry.h"
#include "support/Json.h"

#include <dlfcn.h>
#include <filesystem>

namespace cria {

/// Returns why a target cannot have this name, or "".
static std::string nameProblem(llvm::StringRef name) {
  constexpr llvm::StringLiteral kShorthands[] = {"cpu", "cuda", "gpusim"};
  constexpr size_t kMaxLength = 64;
  const bool isSpelled = llvm::all_of(
      name, [](char c) { return llvm::isDigit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-'; });
  if (name.empty() || name.size() > kMaxLength || !isSpelled) {
    return fmt::format("expected a name of 1 to {} of a-z, 0-9, '_' and '-'", kMaxLength);
  }
  return llvm::is_contained(kShorthands, name) || llvm::is_contained(targetNames(), name)
             ? "a built-in target has that name"
             : "";
}

static StatusOr<const TargetPlugin *> open(const std::string &path) {
  std::error_code failed;
  const std::filesystem::path file = std::filesystem::absolute(path, failed);
  if (failed || !std::filesystem::is_regular_file(file, failed)) {
    return error(StatusCode::notFound, "--target-plugin {}: no such file", path);
  }
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return error(StatusCode::unsupported,
                 "--target-plugin {}: cannot load it: {}; was it built for this compiler ({})?", path,
                 dlerror(), CRIA_COMPILER_BUILD);
  }
  auto *function = reinterpret_cast<TargetPluginFunction *>(dlsym(library, kTargetPluginSymbol));
  const TargetPlugin *plugin = function == nullptr ? nullptr : function();
  if (plugin == nullptr) {
    return error(
        StatusCode::unsupported,
        "--target-plugin {}: not a target plugin: expected a function '{}', which CRIA_TARGET_PLUGIN in "
        "TargetPlugin.h defines",
        path, kTargetPluginSymbol);
  }
  if (plugin->builtFor != llvm::StringRef(CRIA_COMPILER_BUILD)) {
    return error(StatusCode::unsupported,
                 "--target-plugin {}: it was built for {}, this compiler is {}; build it again", path,
                 printable(plugin->builtFor), CRIA_COMPILER_BUILD);
  }
  return plugin;
}

Status TargetPlugins::add(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const TargetPlugin *plugin, open(path));
  if (const std::string problem = nameProblem(plugin->name); !problem.empty()) {
    return invalidArgument("--target-plugin {}: invalid name '{}': {}", path, printable(plugin->name),
                           problem);
  }
  for (const Loaded &other : plugins_) {
    if (llvm::StringRef(other.plugin->name) == plugin->name) {
      return invalidArgument("--target-plugin {}: {} already has the name '{}'", path, other.path,
                             plugin->name);
    }
  }
  plugins_.push_back({path, plugin});
  return {};
}

StatusOr<TargetPlugins> TargetPlugins::load(const std::vector<std::string> &paths) {
  TargetPlugins plugins;
  for (const std::string &path : paths) {
    CRIA_RETURN_IF_ERROR(plugins.add(path));
  }
  return plugins;
}

std::vector<std::string> TargetPlugins::names() const {
  std::vector<std::string> names;
  for (const Loaded &loaded : plugins_) {
    names.emplace_back(loaded.plugin->name);
  }
  return names;
}

StatusOr<std::unique_ptr<Target>> TargetPlugins::create(llvm::StringRef name) const {
  const auto found = llvm::find_if(
      plugins_, [&](const Loaded &loaded) { return llvm::StringRef(loaded.plugin->name) == name; });
  if (found == plugins_.end()) {
    return std::unique_ptr<Target>();
  }
  std::unique_ptr<Target> target = found->plugin->create();
  if (!target || target->name() != name) {
    return error(StatusCode::unsupported, "--target-plugin {}: expected a target named '{}', got {}",
                 found->path, name.str(), target ? "'" + printable(target->name()) + "'" : "none");
  }
  return target;
}

} // namespace cria

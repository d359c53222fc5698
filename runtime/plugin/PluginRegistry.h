// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PluginRegistry: finds plugins by their sidecars (NAME.cria-plugin.json), refuses what cannot run here
// without opening it, and loads the rest when first asked for. One per context; there is no global. Loaded
// libraries stay in the process until it ends.
//
// Threads: load and list may be called by several threads at once.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/OpSupport.h"
#include "support/Status.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

enum class PluginKind : uint32_t {
  backend = CRIA_PLUGIN_BACKEND,
  sampler = CRIA_PLUGIN_SAMPLER,
  chat = CRIA_PLUGIN_CHAT,
};
/// "backend", "sampler" or "chat".
std::string_view toString(PluginKind kind);

/// A plugin that was opened, queried and found to be what its sidecar says. Lives as long as the registry;
/// `api` and everything behind it until the process ends.
struct LoadedPlugin {
  PluginKind kind;
  std::string name;
  std::string version;
  std::string description;
  uint32_t abiMajor = 0; // the negotiated version
  uint32_t abiMinor = 0;
  std::filesystem::path library;
  const void *api = nullptr; // cria_backend_api, cria_sampler_api or cria_chat_api
  const void *(*getExtension)(cria_string name) = nullptr; // may be NULL
};

/// One sidecar that was found, for `cria plugins`. Members the sidecar did not give are empty.
struct PluginCandidate {
  std::string kind;
  std::string name;
  std::string version;
  std::string abi;         // "1.0", or "1.0-1.3" for a range
  std::string needs;       // "linux x86_64 x86-64-v3"
  std::string description; // known once loaded
  std::filesystem::path sidecar;
  std::filesystem::path library;
  std::optional<OpSupport> ops; // that the sidecar lists
  bool loaded = false;
  bool refused = false; // cannot be loaded, or is shadowed; one that is neither loads when it is asked for
  std::string reason;   // why not loaded and what to do; empty when loaded
};

/// Where plugins are looked for, first to last. A folder that is named twice counts once.
struct PluginSearch {
  std::vector<std::filesystem::path> folders; // --plugin-dir, in order; must exist; may be relative
  std::string environment;                    // colon list as in CRIA_PLUGIN_PATH; entries must be absolute
  std::filesystem::path executable; // of the program: ../plugins and ../lib/cria/plugins beside its folder

  /// The given folders, CRIA_PLUGIN_PATH of this process, and this program's own path.
  static PluginSearch standard(std::vector<std::filesystem::path> folders = {});
};

class PluginRegistry {
public:
  /// Reads the sidecars; opens no library. Errors: notFound when one of search.folders is not a folder. What
  /// is wrong with a sidecar or a folder of the environment is no error here but a candidate with a reason.
  static StatusOr<std::unique_ptr<PluginRegistry>> create(const PluginSearch &search);
  ~PluginRegistry();

  /// The plugin of that kind and name, loaded on the first call. The first in search order that can run here
  /// is taken. Errors: notFound with the nearest names; incompatibleCode or unsupported with file, reason and
  /// remedy.
  StatusOr<const LoadedPlugin *> load(PluginKind kind, std::string_view name);

  /// Names of a kind that could be loaded (not refused by their sidecar), in search order, each once.
  std::vector<std::string> names(PluginKind kind) const;

  /// Every candidate in search order. tryLoad: loads what can be loaded, so that every reason is known.
  std::vector<PluginCandidate> list(bool tryLoad = true);

  /// The folders searched, in order.
  const std::vector<std::filesystem::path> &folders() const { return folders_; }

private:
  struct Entry;
  PluginRegistry();
  void discover(const std::filesystem::path &folder);
  void shadowDuplicates();
  Entry *find(PluginKind kind, std::string_view name);
  static void ensureLoaded(Entry &entry);
  Status notFound(PluginKind kind, std::string_view name) const;

  std::mutex mutex_;
  std::vector<std::filesystem::path> folders_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

} // namespace cria

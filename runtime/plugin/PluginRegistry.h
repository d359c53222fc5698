// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PluginRegistry: finds plugins by their plugin manifests (NAME.cria-plugin.json). It rejects plugins that
// cannot run on this machine without opening them, and loads the others on first use. There is no global
// registry. Libraries stay loaded until the process ends. Thread-safe.
// Public: included by runtime/cria.h.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "runtime/plugin/SupportedOps.h"
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
/// The name in manifests: "backend", "sampler" or "chat".
std::string_view toString(PluginKind kind);

/// A loaded plugin, which matches its manifest. It lives as long as the registry; `api` and everything
/// reached from it live until the process ends.
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

/// A plugin manifest that was found, for `cria plugins`. Members that could not be read are empty.
struct PluginCandidate {
  std::string kind;
  std::string name;
  std::string version;
  std::string abi;         // "1.0", or "1.0-1.3" for a range
  std::string needs;       // "linux x86_64 x86-64-v3"
  std::string description; // empty until the plugin is loaded
  std::filesystem::path manifest;
  std::filesystem::path library;
  std::optional<SupportedOps> ops; // that the manifest lists
  bool loaded = false;
  bool refused = false; // cannot be loaded, or is shadowed by an earlier plugin
  std::string reason;   // why it is not loaded, and what to do; empty if it is loaded
};

/// The folders that are searched for plugins, in order. A folder that occurs twice is searched once.
struct PluginSearch {
  std::vector<std::filesystem::path> folders; // of --plugin-dir; must exist; may be relative
  std::string environment;                    // absolute paths, separated by colons, of CRIA_PLUGIN_PATH
  std::filesystem::path executable; // path of the program, to search ../plugins and ../lib/cria/plugins

  /// Returns `folders`, the CRIA_PLUGIN_PATH of this process, and the path of this program.
  static PluginSearch standard(std::vector<std::filesystem::path> folders = {});
};

class PluginRegistry {
public:
  /// Reads the plugin manifests without opening a library. An invalid manifest or folder of the environment
  /// is not an error but a candidate with a reason. Errors: notFound if one of search.folders is not a
  /// folder.
  static StatusOr<std::unique_ptr<PluginRegistry>> create(const PluginSearch &search);
  ~PluginRegistry();

  /// Returns the plugin of that kind and name, and loads it on the first call. It is the first one in
  /// search order that can run on this machine. Errors: notFound with the most similar names;
  /// incompatibleCode or unsupported with file, reason and remedy.
  StatusOr<const LoadedPlugin *> load(PluginKind kind, std::string_view name);

  /// Returns the names of the plugins of a kind that are not rejected, in search order, each once.
  std::vector<std::string> names(PluginKind kind) const;

  /// Returns all candidates in search order. tryLoad: first loads all plugins that are not rejected, so
  /// that every reason is known.
  std::vector<PluginCandidate> list(bool tryLoad = true);

  /// The searched folders, in order.
  const std::vector<std::filesystem::path> &folders() const { return folders_; }
  /// The error that no plugins were found: where they were searched, including folders that do not exist,
  /// and what to do. what: "plugins", "backends".
  Status noneFound(std::string_view what) const;

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
  std::vector<std::filesystem::path> absent_; // folders that were to be searched
  std::vector<std::unique_ptr<Entry>> entries_;
};

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginRegistry.h"

#include "runtime/plugin/HostServices.h"
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginLibrary.h"
#include "runtime/plugin/PluginManifest.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginTables.h"

#include <algorithm>

namespace cria {

namespace fs = std::filesystem;

static constexpr std::string_view kManifestSuffix = ".cria-plugin.json";

struct PluginRegistry::Entry {
  PluginCandidate candidate;
  PluginManifest manifest;
  Status refusal;          // by the manifest, or by the attempt to load it
  bool isRejected = false; // the reason is known without opening the library
  LoadedPlugin plugin;

  bool isEligible() const { return !isRejected; }
  void refuse(Status status) {
    candidate.refused = true;
    candidate.reason = status.message();
    refusal = std::move(status);
  }
};

std::string_view toString(PluginKind kind) {
  switch (kind) {
  case PluginKind::backend:
    return "backend";
  case PluginKind::sampler:
    return "sampler";
  case PluginKind::chat:
    break;
  }
  return "chat";
}

/// The name of a kind in messages. toString() returns the one in manifests.
static std::string_view displayNameOf(PluginKind kind) {
  return kind == PluginKind::chat ? "chat template" : toString(kind);
}

PluginRegistry::PluginRegistry() = default;
PluginRegistry::~PluginRegistry() = default;

static std::string abiText(const PluginManifest &manifest) {
  if (manifest.abiMinorMin == manifest.abiMinorMax) {
    return fmt::format("{}.{}", manifest.abiMajor, manifest.abiMinorMin);
  }
  return fmt::format("{}.{}-{}.{}", manifest.abiMajor, manifest.abiMinorMin, manifest.abiMajor,
                     manifest.abiMinorMax);
}

static std::string needsText(const PluginManifest &manifest) {
  std::string text = manifest.os + (manifest.arch.empty() ? "" : " " + manifest.arch);
  for (const std::string &feature : manifest.cpuFeatures) {
    text += " " + feature;
  }
  return text;
}

static std::vector<fs::path> manifestsIn(const fs::path &folder) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure)) {
    if (it->path().filename().string().ends_with(kManifestSuffix)) {
      found.push_back(it->path());
    }
  }
  std::sort(found.begin(), found.end()); // independent of the order in the file system
  return found;
}

void PluginRegistry::discover(const fs::path &folder) {
  std::error_code failure;
  const fs::path canonical = fs::canonical(folder, failure);
  if (failure) {
    absent_.push_back(folder);
    return;
  }
  if (std::find(folders_.begin(), folders_.end(), canonical) != folders_.end()) {
    return;
  }
  folders_.push_back(canonical);
  for (const fs::path &path : manifestsIn(canonical)) {
    auto entry = std::make_unique<Entry>();
    Status status = readPluginManifest(path, entry->manifest);
    if (status.ok()) {
      status = checkNeeds(entry->manifest);
    }
    const PluginManifest &manifest = entry->manifest;
    entry->candidate = {.kind = manifest.kind,
                        .name = manifest.name,
                        .version = manifest.version,
                        .abi = manifest.version.empty() ? "" : abiText(manifest),
                        .needs = needsText(manifest),
                        .description = {},
                        .manifest = path,
                        .library = manifest.library.empty() ? fs::path() : canonical / manifest.library,
                        .ops = manifest.ops,
                        .reason = {}};
    if (!status.ok()) {
      entry->isRejected = true;
      entry->refuse(std::move(status));
    }
    entries_.push_back(std::move(entry));
  }
}

void PluginRegistry::shadowDuplicates() {
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry &later = *entries_[i];
    for (size_t j = 0; j < i && later.isEligible(); ++j) {
      const Entry &earlier = *entries_[j];
      if (earlier.isEligible() && earlier.manifest.kind == later.manifest.kind &&
          earlier.manifest.name == later.manifest.name) {
        later.isRejected = true;
        later.refuse(error(StatusCode::unsupported,
                           "shadowed by '{}', which is earlier in search order; remove or rename one of them",
                           earlier.candidate.manifest.string()));
      }
    }
  }
}

static std::vector<std::string> splitColons(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const size_t end = std::min(list.find(':'), list.size());
    if (end > 0) { // an empty entry does not stand for the current folder
      parts.emplace_back(list.substr(0, end));
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

/// Returns why a folder of CRIA_PLUGIN_PATH is not searched; empty if it is.
static std::string folderProblem(const fs::path &folder) {
  std::error_code failure;
  if (!folder.is_absolute()) {
    return "expected absolute paths in CRIA_PLUGIN_PATH, got a relative one";
  }
  return fs::is_directory(folder, failure) ? "" : "not a folder; correct CRIA_PLUGIN_PATH";
}

StatusOr<std::unique_ptr<PluginRegistry>> PluginRegistry::create(const PluginSearch &search) {
  std::unique_ptr<PluginRegistry> registry(new PluginRegistry());
  std::error_code failure;
  for (const fs::path &folder : search.folders) {
    if (!fs::is_directory(folder, failure)) {
      return error(StatusCode::notFound, "--plugin-dir '{}': not a folder", folder.string());
    }
    registry->discover(folder);
  }
  for (const std::string &folder : splitColons(search.environment)) {
    if (std::string problem = folderProblem(folder); !problem.empty()) {
      auto entry = std::make_unique<Entry>();
      entry->candidate.manifest = folder;
      entry->isRejected = true;
      entry->refuse(Status(StatusCode::notFound, std::move(problem)));
      registry->entries_.push_back(std::move(entry));
    } else {
      registry->discover(folder);
    }
  }
  if (search.executable.is_absolute()) {
    const fs::path base = search.executable.parent_path().parent_path();
    registry->discover(base / "plugins");
    registry->discover(base / "lib" / "cria" / "plugins");
  }
  registry->shadowDuplicates();
  return registry;
}

static Status checkLibraryFile(const fs::path &library) {
  std::error_code failure;
  if (!fs::is_regular_file(library, failure)) {
    return error(StatusCode::notFound,
                 "the library '{}' does not exist; install it or remove the plugin manifest",
                 library.string());
  }
  return {};
}

static Status checkField(std::string_view what, std::string_view expected, std::string_view found) {
  return expected == found
             ? Status()
             : error(StatusCode::incompatibleCode,
                     "expected the library to state {} '{}', got '{}'; reinstall library and plugin manifest",
                     what, expected, found);
}

static std::string kindName(uint32_t kind) {
  return kind >= CRIA_PLUGIN_BACKEND && kind <= CRIA_PLUGIN_CHAT
             ? std::string(toString(static_cast<PluginKind>(kind)))
             : fmt::format("{}", kind);
}

/// Checks that the description of the library matches its plugin manifest.
static Status checkAnswer(const cria_plugin &answer, const PluginManifest &manifest) {
  CRIA_RETURN_IF_ERROR(checkField("kind", manifest.kind, kindName(answer.kind)));
  CRIA_RETURN_IF_ERROR(checkField("name", manifest.name, view(answer.name)));
  CRIA_RETURN_IF_ERROR(checkField("version", manifest.version, view(answer.version)));
  const uint32_t lowest = std::max(manifest.abiMinorMin, kHostAbiMinorMin);
  const uint32_t highest = std::min(manifest.abiMinorMax, kHostAbiMinorMax);
  if (answer.abi_major != manifest.abiMajor || answer.abi_minor < lowest || answer.abi_minor > highest) {
    return error(
        StatusCode::incompatibleCode,
        "expected the library to state plugin ABI {}, got {}.{}; reinstall library and plugin manifest",
        abiRange(manifest.abiMajor, lowest, highest), answer.abi_major, answer.abi_minor);
  }
  if (answer.api == nullptr) {
    return error(StatusCode::incompatibleCode, "the library has no function table");
  }
  return {};
}

static StatusOr<LoadedPlugin> loadPlugin(const PluginManifest &manifest, const fs::path &library) {
  CRIA_RETURN_IF_ERROR(checkLibraryFile(library));
  CRIA_ASSIGN_OR_RETURN(const cria_plugin_query_fn query, openPluginLibrary(library));
  cria_plugin answer{};
  answer.struct_size = sizeof(answer);
  CRIA_RETURN_IF_ERROR(callPlugin("the plugin cannot run on this machine", [&](cria_message *message) {
    return query(&hostServices(), &answer, message);
  }));
  CRIA_RETURN_IF_ERROR(checkAnswer(answer, manifest));
  const auto kind = static_cast<PluginKind>(answer.kind);
  CRIA_RETURN_IF_ERROR(checkTable(kind, answer.api));
  return LoadedPlugin{.kind = kind,
                      .name = manifest.name,
                      .version = manifest.version,
                      .description = std::string(view(answer.description)),
                      .abiMajor = answer.abi_major,
                      .abiMinor = answer.abi_minor,
                      .library = library,
                      .api = answer.api,
                      .getExtension = answer.get_extension};
}

PluginRegistry::Entry *PluginRegistry::find(PluginKind kind, std::string_view name) {
  for (const std::unique_ptr<Entry> &entry : entries_) {
    if (entry->isEligible() && entry->manifest.kind == toString(kind) && entry->manifest.name == name) {
      return entry.get();
    }
  }
  return nullptr;
}

void PluginRegistry::ensureLoaded(Entry &entry) {
  if (entry.candidate.loaded || !entry.refusal.ok()) {
    return;
  }
  StatusOr<LoadedPlugin> loaded = loadPlugin(entry.manifest, entry.candidate.library);
  if (!loaded.ok()) {
    entry.refuse(loaded.status());
    return;
  }
  entry.plugin = std::move(loaded).value();
  entry.candidate.description = entry.plugin.description;
  entry.candidate.loaded = true;
}

/// Returns the reason why a known name is rejected, or the most similar names for an unknown one.
Status PluginRegistry::notFound(PluginKind kind, std::string_view name) const {
  for (const std::unique_ptr<Entry> &entry : entries_) {
    if (entry->manifest.kind == toString(kind) && entry->manifest.name == name) {
      return entry->refusal.withContext(entry->candidate.manifest.string())
          .withContext(fmt::format("{} '{}' cannot run on this machine", displayNameOf(kind), name));
    }
  }
  const std::vector<std::string> known = names(kind);
  if (known.empty()) {
    return noneFound(fmt::format("{}s", displayNameOf(kind)))
        .withContext(fmt::format("there is no {} '{}'", displayNameOf(kind), name));
  }
  return error(StatusCode::notFound, "there is no {} '{}'{}", displayNameOf(kind), name,
               suggestNames(name, known));
}

Status PluginRegistry::noneFound(std::string_view what) const {
  std::vector<std::string> places;
  for (const fs::path &folder : folders_) {
    places.push_back(folder.string());
  }
  for (const fs::path &folder : absent_) {
    places.push_back(folder.string() + " (does not exist)");
  }
  return error(StatusCode::notFound,
               "found no {}; searched {}; install the plugins next to the program, or name their folder with "
               "--plugin-dir or CRIA_PLUGIN_PATH",
               what, places.empty() ? "no folder" : fmt::format("{}", fmt::join(places, ", ")));
}

StatusOr<const LoadedPlugin *> PluginRegistry::load(PluginKind kind, std::string_view name) {
  const std::lock_guard lock(mutex_);
  Entry *entry = find(kind, name);
  if (entry == nullptr) {
    return notFound(kind, name);
  }
  ensureLoaded(*entry);
  if (!entry->candidate.loaded) {
    return entry->refusal.withContext(entry->candidate.manifest.string())
        .withContext(fmt::format("{} '{}' cannot be loaded", displayNameOf(kind), name));
  }
  return &entry->plugin;
}

std::vector<std::string> PluginRegistry::names(PluginKind kind) const {
  std::vector<std::string> result;
  for (const std::unique_ptr<Entry> &entry : entries_) {
    if (entry->isEligible() && entry->manifest.kind == toString(kind)) {
      result.push_back(entry->manifest.name);
    }
  }
  return result;
}

std::vector<PluginCandidate> PluginRegistry::list(bool tryLoad) {
  const std::lock_guard lock(mutex_);
  std::vector<PluginCandidate> result;
  for (const std::unique_ptr<Entry> &entry : entries_) {
    if (tryLoad) {
      ensureLoaded(*entry);
    }
    result.push_back(entry->candidate);
    if (!tryLoad && !entry->candidate.loaded && entry->candidate.reason.empty()) {
      result.back().reason = "not loaded yet";
    }
  }
  return result;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders of plugins for tests: those of this build, and temporary ones whose manifests the test writes.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <unistd.h>

namespace cria {

inline std::filesystem::path builtPlugins() { return std::filesystem::path(CRIA_BINARY_DIR) / "plugins"; }
inline std::filesystem::path faultyPlugins() {
  return std::filesystem::path(CRIA_BINARY_DIR) / "test-plugins";
}

/// A registry over folders alone, independent of the environment and of the path of the program.
inline std::unique_ptr<PluginRegistry> openRegistry(std::vector<std::filesystem::path> folders = {
                                                        builtPlugins()}) {
  auto registry =
      PluginRegistry::create({.folders = std::move(folders), .environment = {}, .executable = {}});
  EXPECT_TRUE(registry.ok()) << registry.status().message();
  return registry.ok() ? std::move(registry).value() : nullptr;
}

/// A folder that is removed with the object.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cria-plugins-XXXXXX").string();
    path_ = std::filesystem::canonical(mkdtemp(pattern.data()));
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  const std::filesystem::path &path() const { return path_; }
  std::filesystem::path write(const std::string &file, std::string_view text) const {
    std::ofstream(path_ / file, std::ios::binary) << text;
    return path_ / file;
  }
  /// Links a built test plugin into the folder.
  void link(const std::string &library) const {
    std::filesystem::create_symlink(faultyPlugins() / library, path_ / library);
  }

private:
  std::filesystem::path path_;
};

/// A plugin manifest; fields that a test does not change are correct for plugin "faulty".
struct ManifestText {
  std::string library = "faulty_none.so";
  std::string kind = "chat";
  std::string name = "faulty";
  std::string version = "1.0";
  std::string abi = fmt::format(R"({{"major": {}, "minor_min": {}, "minor_max": {}}})", CRIA_ABI_MAJOR,
                                CRIA_ABI_MINOR, CRIA_ABI_MINOR);
#if defined(__x86_64__)
  std::string needs = R"({"os": "linux", "arch": "x86_64"})";
#else
  std::string needs = R"({"os": "linux", "arch": "aarch64"})";
#endif
  std::string more; // e.g. ", \"extra\": 1"

  std::string text() const {
    return fmt::format(
        R"({{"library": "{}", "kind": "{}", "name": "{}", "version": "{}", "abi": {}, "needs": {}{}}})",
        library, kind, name, version, abi, needs, more);
  }
};

} // namespace cria

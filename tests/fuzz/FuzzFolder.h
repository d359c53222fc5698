// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder for the files of an input, in memory if there is such a file system.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace cria {

class FuzzFolder {
public:
  FuzzFolder() {
    std::error_code absent;
    const bool hasMemory = std::filesystem::is_directory("/dev/shm", absent);
    std::string pattern =
        (hasMemory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
        "cria-fuzz-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      abort();
    }
    path_ = pattern;
  }
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FuzzFolder(const FuzzFolder &) = delete;
  FuzzFolder &operator=(const FuzzFolder &) = delete;

  const std::string &path() const { return path_; }
  void write(const std::string &name, std::string_view content) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << content;
  }
  void remove(const std::string &name) const {
    std::error_code ignored;
    std::filesystem::remove(path_ + "/" + name, ignored);
  }

private:
  std::string path_;
};

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SimulatedFolder.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace cria::fake_cuda {
namespace {

namespace fs = std::filesystem;

struct SimulatedFile {
  std::string bitcode;
  std::shared_ptr<gpusim::Module> module; // null until a kernel of it is looked up
};

std::string readAll(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool isProgram(const fs::path &path) {
  return path.extension() == ".program" && path.stem().extension().string().rfind(".gpusim-", 0) == 0;
}

/// A program is CBOR with its code as one member.
std::string codeOfProgram(const std::string &bytes) {
  const nlohmann::json program = nlohmann::json::from_cbor(bytes, true, /*allow_exceptions=*/false);
  if (!program.is_object() || !program.contains("code") || !program["code"].is_binary()) {
    return {};
  }
  const auto &code = program["code"].get_binary();
  return {code.begin(), code.end()};
}

std::vector<SimulatedFile> readFolder(const fs::path &folder) {
  std::vector<SimulatedFile> files;
  std::error_code unreadable;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(folder, unreadable)) {
    if (isProgram(entry.path())) {
      files.push_back({codeOfProgram(readAll(entry.path())), nullptr});
    } else if (entry.path().extension() == ".bc") {
      files.push_back({readAll(entry.path()), nullptr});
    }
  }
  return files;
}

/// Names of functions stand in bitcode as text.
bool mayHave(const SimulatedFile &file, const std::string &kernel) {
  return file.bitcode.find(kernel) != std::string::npos;
}

bool has(SimulatedFile &file, const std::string &kernel) {
  if (file.module == nullptr) {
    std::string refusal; // of code that is not the simulator's
    file.module = gpusim::Module::load(file.bitcode, refusal);
  }
  return file.module != nullptr && file.module->find(kernel) != nullptr;
}

} // namespace

std::shared_ptr<gpusim::Module> moduleWithKernel(const fs::path &folder, const std::string &kernel) {
  static std::map<fs::path, std::vector<SimulatedFile>> kFolders;
  const auto known = kFolders.find(folder);
  std::vector<SimulatedFile> &files =
      known != kFolders.end() ? known->second : kFolders.emplace(folder, readFolder(folder)).first->second;
  for (SimulatedFile &file : files) {
    if (mayHave(file, kernel) && has(file, kernel)) {
      return file.module;
    }
  }
  return nullptr;
}

} // namespace cria::fake_cuda

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of programs, as CBOR.
#include "tools/cria-device-check/CompiledProgram.h"

#include "support/File.h"
#include "support/OutputFile.h"

#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

namespace cria::conformance {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WeightRows, weight, rows)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompiledProgram, json, format, features, abiVersion, weights)

static Status write(const std::string &path, std::span<const uint8_t> bytes) {
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(bytes)));
  return file.finish();
}

void writeProgram(const std::string &path, const CompiledProgram &program) {
  nlohmann::json file = program;
  file["code"] = nlohmann::json::binary({program.code.begin(), program.code.end()});
  const std::vector<uint8_t> bytes = nlohmann::json::to_cbor(file);
  if (const Status status = write(path, bytes); !status.ok()) {
    throw std::runtime_error(status.message());
  }
}

CompiledProgram readProgram(const std::string &path) {
  const StatusOr<std::string> bytes = readFile(path);
  if (!bytes.ok()) {
    throw std::runtime_error(bytes.status().message());
  }
  try {
    const nlohmann::json file = nlohmann::json::from_cbor(*bytes);
    CompiledProgram program = file;
    const auto &code = file.at("code").get_binary();
    program.code.assign(code.begin(), code.end());
    return program;
  } catch (const nlohmann::json::exception &failure) {
    throw std::runtime_error("'" + path + "' is not a compiled program: " + failure.what());
  }
}

} // namespace cria::conformance

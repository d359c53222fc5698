// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/ExpectationFile.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace cria::conformance {

namespace fs = std::filesystem;
using Json = nlohmann::json;

static Status readReasons(const Json &json, const fs::path &file, const std::string &name,
                          std::map<std::string, std::string> &out) {
  if (!json.contains(name)) {
    return {};
  }
  if (!json[name].is_object()) {
    return invalidArgument("{}: expected member '{}' to be an object of case names and reasons",
                           file.string(), name);
  }
  for (const auto &[pattern, reason] : json[name].items()) {
    if (!reason.is_string() || reason.get<std::string>().empty()) {
      return invalidArgument("{}: expected a reason for '{}' in '{}'", file.string(), pattern, name);
    }
    out[pattern] = reason.get<std::string>();
  }
  return {};
}

static StatusOr<Expectations> readExpectations(const fs::path &file) {
  std::ifstream stream(file);
  const Json json = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (!stream.is_open()) {
    return error(StatusCode::io, "{}: cannot be read", file.string());
  }
  if (!json.is_object()) {
    return invalidArgument("{}: expected a JSON object", file.string());
  }
  for (const auto &[name, value] : json.items()) {
    if (name != "unsupported" && name != "expected_failures") {
      return invalidArgument("{}: unknown member '{}', expected 'unsupported' or 'expected_failures'",
                             file.string(), name);
    }
  }
  Expectations expectations;
  CRIA_RETURN_IF_ERROR(readReasons(json, file, "unsupported", expectations.unsupported));
  CRIA_RETURN_IF_ERROR(readReasons(json, file, "expected_failures", expectations.failures));
  return expectations;
}

StatusOr<Expectations> expectationsFor(const fs::path &manifest, const fs::path &file) {
  if (!file.empty()) {
    return readExpectations(file);
  }
  const fs::path defaultFile = fs::path(manifest).replace_extension().replace_extension(".cria-expect.json");
  return fs::exists(defaultFile) ? readExpectations(defaultFile) : Expectations();
}

} // namespace cria::conformance

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/ExpectationFile.h"

#include "support/Json.h"

namespace cria::conformance {

namespace fs = std::filesystem;

static StatusOr<std::map<std::string, std::string>> readReasons(JsonObject &root, std::string_view name) {
  std::map<std::string, std::string> reasons;
  if (!root.has(name)) {
    return reasons;
  }
  CRIA_ASSIGN_OR_RETURN(JsonObject object, root.object(name));
  for (const auto &[pattern, value] : object.value().items()) {
    CRIA_ASSIGN_OR_RETURN(std::string reason, object.string(pattern));
    if (reason.empty()) {
      return object.mismatch(pattern, "the reason why these cases do not pass");
    }
    reasons.emplace(pattern, std::move(reason));
  }
  return reasons;
}

static StatusOr<Expectations> readExpectations(const fs::path &file) {
  CRIA_ASSIGN_OR_RETURN(const Json json, readJsonFile(file.string()));
  CRIA_ASSIGN_OR_RETURN(JsonObject root, JsonObject::of(json, file.string()));
  Expectations expectations;
  CRIA_ASSIGN_OR_RETURN(expectations.unsupported, readReasons(root, "unsupported"));
  CRIA_ASSIGN_OR_RETURN(expectations.failures, readReasons(root, "expected_failures"));
  CRIA_RETURN_IF_ERROR(root.finish());
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

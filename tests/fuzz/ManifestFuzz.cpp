// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is the manifest of a package, and its chat.json.
#include "format/Manifest.h"
#include "format/PackageProof.h"
#include "support/Json.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  (void)packageProof().accepts(text);
  if (const auto manifest = parseManifest(text, "manifest.json"); manifest.ok()) {
    for (const auto &[name, file] : manifest->files) { // no path leads out of the package
      if (("/" + name + "/").find("/../") != std::string::npos || name.find('\0') != std::string::npos) {
        abort();
      }
    }
  }
  if (const auto json = parseJson(text, "chat.json"); json.ok()) {
    (void)ChatConfig::fromJson(*json, "chat.json");
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  Json manifest = Json::parse(tests::readAll(CRIA_SOURCE_DIR "/tests/fuzz/package/manifest.json"));
  for (const char *name :
       {"chat.json", "programs/ops.json", "weights/row_major.safetensors", "tokenizer.model"}) {
    manifest["files"][name] = {{"size", 57}, {"sha256", std::string(64, 'a')}};
  }
  const std::string plain = manifest.dump();
  manifest["tokenizer"] = {
      {"kind", "sentencepiece"}, {"file", "tokenizer.model"}, {"added_tokens", Json::array()}};
  return {plain, manifest.dump(), tests::readAll(CRIA_SOURCE_DIR "/tests/fuzz/package/chat.json")};
}

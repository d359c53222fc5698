// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/package/PackageProof.h"

#include "runtime/package/Json.h"

namespace cria {

static bool isManifest(std::string_view text) {
  StatusOr<Json> manifest = parseJson(text, "manifest.json");
  return manifest.ok() && manifest->is_object() && manifest->contains("format") &&
         (*manifest)["format"] == "cria";
}

FolderProof packageProof() { return {.noun = "package", .file = "manifest.json", .accepts = isManifest}; }

} // namespace cria

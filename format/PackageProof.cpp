// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/PackageProof.h"

#include "support/Json.h"

namespace cria {

static bool isManifest(std::string_view text) {
  StatusOr<Json> manifest = parseJson(text, "manifest.json");
  return manifest.ok() && manifest->is_object() && manifest->contains("format") &&
         (*manifest)["format"] == "cria";
}

FolderProof packageProof() { return {.noun = "package", .file = "manifest.json", .accepts = isManifest}; }

} // namespace cria

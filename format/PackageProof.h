// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The proof that a folder is a package, which is required before it is replaced or removed.
#pragma once

#include "support/FolderProof.h"

namespace cria {

/// A package is a folder whose manifest.json is a JSON object with "format": "cria". The rest may be
/// damaged.
FolderProof packageProof();

} // namespace cria

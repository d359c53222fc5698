// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a package is recognized before it is replaced or removed.
#pragma once

#include "support/FolderProof.h"

namespace cria {

/// A folder whose manifest.json is a JSON object with "format": "cria". The rest of it may be damaged.
FolderProof packageProof();

} // namespace cria

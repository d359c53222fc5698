// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints a verified program as programs/<target>.json, field by field as docs/package-format.md states it.
#pragma once

#include "format/WeightLayout.h"
#include "ir/ProgramOps.h"

#include <nlohmann/json.hpp>

namespace cria {

/// The program as JSON. `module` has passed program::verifyProgram. Weights with data are in the file of
/// their layout, under their own name.
nlohmann::ordered_json programToJson(mlir::ModuleOp module);

/// "weights/<layout>.safetensors", relative to the package: where all weights of that layout are.
std::string weightFile(PhysicalLayout::Kind layout);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The llama dialect. Include LlamaOps.h for its ops; this header alone serves to register it.
#pragma once

#include "mlir/IR/Dialect.h"

#include "ir/LlamaDialect.h.inc"

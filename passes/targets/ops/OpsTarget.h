// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `ops` target: no code. Every llama op, primitive or fused, becomes one dispatch of an op of opset v1
// (docs/generated/opset-v1.md) with row-major weights; backends of format "cria.ops.v1" run it.
#pragma once

#include "passes/targets/Target.h"

namespace cria {

std::unique_ptr<Target> createOpsTarget();

} // namespace cria

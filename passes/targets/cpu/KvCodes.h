// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The codes of a KV cache in 8 bits, as format/KvCodec.h defines them. A vector is one token's keys or values
// of one KV head; a workgroup that writes it has all of it.
#pragma once

#include "passes/targets/cpu/Emitter.h"

namespace cria::cpu {

/// The scale of a vector.
struct KvScale {
  mlir::Value half;     ///< d: f16
  mlir::Value inverse;  ///< 1 / d: f32
  mlir::Value hasCodes; ///< i1: whether d is finite and not 0; if not, all codes are 0
};

/// The scale of `dim` floats of a buffer.
KvScale emitKvScale(Emitter &e, mlir::Value buffer, Index at, int64_t dim);
/// The codes of 16 floats of a vector, as i8.
mlir::Value emitKvCodes(Emitter &e, mlir::Value values, const KvScale &scale);

} // namespace cria::cpu

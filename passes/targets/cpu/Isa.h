// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instruction set levels that the cpu target emits code for. All levels share the kernel emitters; they
// differ in how many vectors of 16 floats fit into registers, and in LLVM's target options.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace cria::cpu {

/// The matrix products of a package beside those of dense weights in class f32.
struct ProductKinds {
  bool hasCodes = false;        ///< weights with codes
  bool hasBfloatInputs = false; ///< class bf16
};

struct Isa {
  llvm::StringRef name;     ///< as in `features` of a target: "x86-64-v4"
  llvm::StringRef format;   ///< executable format: "elf.x86_64"
  llvm::StringRef triple;   ///< LLVM target triple
  llvm::StringRef cpu;      ///< LLVM processor name
  llvm::StringRef features; ///< LLVM feature string
  int64_t accumulators = 0; ///< vectors of 16 floats that a loop may carry without spilling
  bool wide = false;        ///< a vector of 16 floats is one register
  bool dotBytes = false;    ///< it has AVX-512 VNNI or AVX-VNNI: sums of four products of bytes
  bool dotBfloat = false;   ///< it has AVX-512 BF16: sums of two products of bf16
  bool codes = false;       ///< kernels for weights with codes exist
  bool onlyDense = false;   ///< another level is as good for weights with codes
  bool isOptional = false;  ///< only for those who name it

  /// Whether a package for every processor gains by code for this level.
  bool isWorthwhile(ProductKinds products) const {
    return isOptional          ? false
           : dotBfloat         ? products.hasBfloatInputs
           : products.hasCodes ? codes && !onlyDense
                               : !dotBytes;
  }
};

/// All levels, best last within one architecture.
llvm::ArrayRef<Isa> allIsas();
/// The level called `name`, or null.
const Isa *findIsa(llvm::StringRef name);

} // namespace cria::cpu

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rate of a matrix product by cuBLAS, to compare the kernels with. cuBLAS is opened at run time and may
// be absent.
#pragma once

#include <cstdint>
#include <string>

namespace cria::check {

struct PeerRate {
  double operationsPerSecond = 0; // best of several runs; 0: not measured
  std::string reason;             // why it was not measured
  bool isMissing = false;         // cuBLAS is not installed; any other reason is a failure
};

/// Measures the product of rows × columns weights and columns × tokens inputs in f16, accumulated in f32.
/// Opens the library that the environment variable CRIA_CUBLAS names, else libcublas.so.13, .12 or .11.
PeerRate measureCublas(uint32_t device, uint64_t rows, uint64_t columns, uint64_t tokens);

} // namespace cria::check

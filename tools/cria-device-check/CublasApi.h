// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of cublas_v2.h that a matrix product needs. CublasApiTest.cpp compares it with the real header.
#pragma once

#include "plugins/backends/cuda/DriverApi.h"

namespace cria::check {

inline constexpr int kCublasTranspose = 1, kCublasKeep = 0; // cublasOperation_t
inline constexpr int kCublasHalf = 2;                       // cudaDataType: CUDA_R_16F
inline constexpr int kCublasCompute32F = 68;                // cublasComputeType_t
inline constexpr int kCublasDefaultAlgorithm = -1;          // cublasGemmAlgo_t

/// Functions of cuBLAS. Statuses and enumerations are int; 0 is success. Matrices are column-major.
struct CublasApi {
  using Handle = void *;
  int (*create)(Handle *handle) = nullptr;
  int (*destroy)(Handle handle) = nullptr;
  int (*setStream)(Handle handle, cuda::StreamHandle stream) = nullptr;
  /// C = alpha · op(A) · op(B) + beta · C, op(A) of m × k, op(B) of k × n.
  int (*gemm)(Handle handle, int transA, int transB, int m, int n, int k, const void *alpha, const void *a,
              int typeA, int lda, const void *b, int typeB, int ldb, const void *beta, void *c, int typeC,
              int ldc, int compute, int algorithm) = nullptr;
};

} // namespace cria::check

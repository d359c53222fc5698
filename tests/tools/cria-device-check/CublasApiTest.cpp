// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares our declarations with those of cublas_v2.h.
#include "tools/cria-device-check/CublasApi.h"

#include <cublas_v2.h>
#include <gtest/gtest.h>

using cria::check::CublasApi;

namespace {

template <typename Function> struct NumParameters;
template <typename Result, typename... Parameters> struct NumParameters<Result (*)(Parameters...)> {
  static constexpr size_t kValue = sizeof...(Parameters);
};
template <auto theirs, typename Ours>
constexpr bool kSameCount = NumParameters<decltype(theirs)>::kValue == NumParameters<Ours>::kValue;

/// cublasGemmEx has a second signature in C++.
using Gemm = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                                const void *, const void *, cudaDataType, int, const void *, cudaDataType,
                                int, const void *, void *, cudaDataType, int, cublasComputeType_t,
                                cublasGemmAlgo_t);

TEST(CublasApi, IsThatOfTheHeader) {
  EXPECT_EQ(cria::check::kCublasTranspose, CUBLAS_OP_T);
  EXPECT_EQ(cria::check::kCublasKeep, CUBLAS_OP_N);
  EXPECT_EQ(cria::check::kCublasHalf, CUDA_R_16F);
  EXPECT_EQ(cria::check::kCublasCompute32F, CUBLAS_COMPUTE_32F);
  EXPECT_EQ(cria::check::kCublasDefaultAlgorithm, CUBLAS_GEMM_DEFAULT);
  EXPECT_EQ(sizeof(cublasComputeType_t), sizeof(int));
  EXPECT_TRUE((kSameCount<&cublasCreate_v2, decltype(CublasApi::create)>));
  EXPECT_TRUE((kSameCount<&cublasDestroy_v2, decltype(CublasApi::destroy)>));
  EXPECT_TRUE((kSameCount<&cublasSetStream_v2, decltype(CublasApi::setStream)>));
  EXPECT_TRUE((kSameCount<static_cast<Gemm>(&cublasGemmEx), decltype(CublasApi::gemm)>));
}

} // namespace

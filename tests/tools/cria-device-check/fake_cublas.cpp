// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A fake cuBLAS for tests: it multiplies nothing, but refuses the arguments that cuBLAS refuses, and puts two
// milliseconds of the fake driver's clock on the stream.
#include "tests/plugins/backends/cuda/fake_driver/State.h"

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

static int theHandle;
static cria::cuda::StreamHandle theStream = nullptr;

FAKE_EXPORT int cublasCreate_v2(void **handle) {
  *handle = &theHandle;
  return 0;
}

FAKE_EXPORT int cublasDestroy_v2(void *handle) { return handle == &theHandle ? 0 : 1; }

FAKE_EXPORT int cublasSetStream_v2(void *handle, void *stream) {
  theStream = static_cast<cria::cuda::StreamHandle>(stream);
  return handle == &theHandle && stream != nullptr ? 0 : 1;
}

FAKE_EXPORT int cublasGemmEx(void *handle, int transA, int transB, int m, int n, int k, const void *alpha,
                             const void *a, int typeA, int lda, const void *b, int typeB, int ldb,
                             const void *beta, void *c, int typeC, int ldc, int compute, int algorithm) {
  constexpr int kInvalidValue = 7;
  const bool isGood = handle == &theHandle && transA == 1 && transB == 0 && lda == k && ldb == k &&
                      ldc == m && m > 0 && n > 0 && typeA == 2 && typeB == 2 && typeC == 2 && compute == 68 &&
                      algorithm == -1 && a != nullptr && b != nullptr && c != nullptr &&
                      *static_cast<const float *>(alpha) == 1 && *static_cast<const float *>(beta) == 0;
  theStream->work.emplace_back([](cria::cuda::ContextTag &context) { context.nanoseconds += 2'000'000; });
  return isGood ? 0 : kInvalidValue;
}

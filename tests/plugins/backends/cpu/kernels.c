/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Hand-written kernels after plugins/api/kernel_abi.h, to test the cpu backend without the compiler. */
#include "plugins/api/kernel_abi.h"

#ifndef KERNEL_MAGIC
#define KERNEL_MAGIC CRIA_KERNEL_LIBRARY_MAGIC
#endif
#ifndef KERNEL_VERSION
#define KERNEL_VERSION CRIA_KERNEL_ABI_VERSION
#endif
#ifndef KERNEL_SANITIZER
#define KERNEL_SANITIZER CRIA_SANITIZER_NONE
#endif
#ifndef KERNEL_FEATURES
#define KERNEL_FEATURES ""
#endif

#define EXPORT __attribute__((visibility("default")))

#ifndef KERNEL_WITHOUT_INFO
EXPORT const cria_kernel_library_info cria_kernel_library = {KERNEL_MAGIC, KERNEL_VERSION, KERNEL_SANITIZER,
                                                             0, KERNEL_FEATURES};
#endif

/* counts: u32 [z, y, x] whose sizes are in grid: u32 [3]; adds 1 to the workgroup's own element. */
EXPORT void count_workgroups(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z) {
  uint32_t *counts = bindings[0];
  const uint32_t *grid = bindings[1];
  (void)scratch;
  ++counts[(z * grid[1] + y) * grid[0] + x];
}

/* values: f32 [groups]; a sum whose value depends on the order of its terms, kept in scratch on the way. */
EXPORT void sum_terms(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z) {
  enum { kTerms = 256 };
  float *values = bindings[0];
  float *terms = scratch;
  float sum = 0.0f;
  (void)y;
  (void)z;
  for (int i = 0; i < kTerms; ++i) {
    terms[i] = 1.0f / (float)(1 + i * 7 + (int)x);
  }
  for (int i = 0; i < kTerms; ++i) {
    sum += terms[i];
  }
  values[x] = sum;
}

/* values: f32 [groups]; what the scratch memory held, then leaves 1 there. */
EXPORT void read_scratch(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z) {
  (void)y;
  (void)z;
  ((float *)bindings[0])[x] = *(float *)scratch;
  *(float *)scratch = 1.0f;
}

/* values: f32 [groups, 2]; halves an f32 of source: [2], the smallest normal and a denormal. */
EXPORT void halve(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z) {
  const volatile float *source = bindings[0];
  float *values = bindings[1];
  (void)scratch;
  (void)y;
  (void)z;
  values[2 * x] = source[0] * 0.5f;
  values[2 * x + 1] = source[1] * 1048576.0f;
}

/* flag: i32; set to 1. */
EXPORT void set_flag(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z) {
  (void)scratch;
  (void)x;
  (void)y;
  (void)z;
  __atomic_store_n((int32_t *)bindings[0], 1, __ATOMIC_RELAXED);
}

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A driver of CUDA 10.2: it lacks what came later. */
__attribute__((visibility("default"))) int cuInit(unsigned flags) { return flags == 0 ? 0 : 1; }
__attribute__((visibility("default"))) int cuDriverGetVersion(int *version) {
  *version = 10020;
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A library that is there when needs_gone.c is linked, and found by nobody afterwards. */
__attribute__((visibility("default"))) int cria_test_gone(void);
int cria_test_gone(void) { return 1; }

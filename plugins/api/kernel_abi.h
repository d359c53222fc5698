/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * kernel_abi.h - the calling convention of compiled kernels. The compiler's targets emit kernels that
 * follow it, and backends call them. Plain C11; depends only on <stdint.h>.
 *
 * Kernels on a CPU (formats "elf.*")
 *  1. A kernel library exports one function per kernel, under the name that the program states, and the
 *     data symbol `cria_kernel_library`. It depends on no other library and calls no external function.
 *  2. The caller applies all offsets: a binding points to the first byte of its operand. Every binding is
 *     64-byte aligned, and loads and stores stay inside [binding, binding + size) of the program's
 *     operand.
 *  3. Kernels are thread-safe: several threads may call one with different workgroup indices. The
 *     workgroups of a dispatch write disjoint memory.
 *  4. The calling thread has flush-to-zero and denormals-are-zero enabled, and rounds to nearest.
 *
 * Kernels on a GPU (formats "nv.ptx", "nv.cubin.sm_XX"; "gpusim.bitcode" for the simulator)
 *  1. A module has one kernel for each name that the program states. The parameters of a kernel are the
 *     device addresses of its bindings, in order, 8 bytes each, 64-byte aligned, with offsets applied.
 *     Loads and stores stay inside [binding, binding + size).
 *  2. It is launched over the grid of the dispatch, with the block that the program states and with
 *     scratch_bytes of dynamic shared memory, whose contents are undefined. It has no static shared
 *     memory, no local memory and no global variables.
 *  3. The blocks of a dispatch write disjoint memory and never wait for each other.
 */
#ifndef CRIA_KERNEL_ABI_H
#define CRIA_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CRIA_KERNEL_ABI_VERSION 1u
#define CRIA_GPU_KERNEL_ABI_VERSION 1u
/* Alignment of bindings, scratch memory and weights in bytes: the size of a cache line and of the widest
 * vector. */
#define CRIA_KERNEL_ALIGNMENT 64u

/* Runs one workgroup. bindings: the operands of the dispatch, in order. scratch: scratch_bytes of memory
 * that the calling thread owns, 64-byte aligned, with undefined contents; NULL if the dispatch states 0
 * bytes. x, y, z: the index of the workgroup in the grid. */
typedef void (*cria_kernel_fn)(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z);

#define CRIA_SANITIZER_NONE 0u
#define CRIA_SANITIZER_ADDRESS 1u

/* Exported as `cria_kernel_library`. */
typedef struct cria_kernel_library_info {
  uint32_t magic;     /* CRIA_KERNEL_LIBRARY_MAGIC */
  uint32_t version;   /* CRIA_KERNEL_ABI_VERSION */
  uint32_t sanitizer; /* CRIA_SANITIZER_*; the process that loads the library must use the same one */
  uint32_t reserved;  /* 0 */
  char features[48];  /* zero-terminated, as in cria_executable_info: "x86-64-v3", ... */
} cria_kernel_library_info;
#define CRIA_KERNEL_LIBRARY_MAGIC 0x41495243u /* "CRIA" */

/* The step buffer begins with this header. The arrays follow at the offsets that the program states. */
typedef struct cria_step_header {
  uint32_t num_tokens;    /* T: rows of the step, including padding */
  uint32_t num_outputs;   /* R: rows of logits */
  uint32_t num_sequences; /* S: sequences */
  uint32_t reserved;      /* 0 */
} cria_step_header;

#ifdef __cplusplus
} /* extern "C" */
#if defined(__cplusplus)
static_assert(sizeof(cria_kernel_library_info) == 64, "part of the kernel ABI");
static_assert(sizeof(cria_step_header) == 16, "part of the kernel ABI");
#endif
#endif
#endif /* CRIA_KERNEL_ABI_H */

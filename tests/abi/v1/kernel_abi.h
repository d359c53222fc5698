/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * kernel_abi.h - how compiled kernels are called. The compiler's targets emit code that follows it; backends
 * call it. C11, stands alone.
 *
 * Kernels on a processor (formats "elf.*")
 *  1. A kernel library exports one function per kernel, by the name that the program gives it, and the
 *     data symbol `cria_kernel_library`. It needs no other library and calls nothing.
 *  2. The host applies all offsets: bindings point at the operand itself. Every binding is 64-byte
 *     aligned, and loads and stores stay inside [binding, binding + size) of the program's operand.
 *  3. A kernel may be called by several threads at once, with different workgroup indices. Workgroups of
 *     one dispatch write disjoint memory.
 *  4. Threads that call kernels have flush-to-zero and denormals-are-zero set, and round to nearest.
 *
 * Kernels on a GPU (formats "nv.ptx", "nv.cubin.sm_XX"; "gpusim.bitcode" for the simulator)
 *  1. A module has one kernel per name that the program gives. Its parameters are the device addresses of the
 *     bindings, in order, 8 bytes each, offsets applied and 64-byte aligned. Loads and stores stay inside
 *     [binding, binding + size).
 *  2. It is launched with exactly the block that the program states, over the dispatch's grid, and with
 *     scratch_bytes of dynamic shared memory, contents undefined. It has no static shared memory, no local
 *     memory and no global variables.
 *  3. Blocks of one dispatch write disjoint memory and never wait for each other.
 */
#ifndef CRIA_KERNEL_ABI_H
#define CRIA_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CRIA_KERNEL_ABI_VERSION 1u
#define CRIA_GPU_KERNEL_ABI_VERSION 1u
/* Alignment of bindings, scratch and weights in bytes: a cache line and the widest vector. */
#define CRIA_KERNEL_ALIGNMENT 64u

/* bindings: the dispatch's operands in order. scratch: scratch_bytes of memory private to the calling worker,
 * 64-byte aligned, contents undefined; NULL when the dispatch states 0 bytes. x, y, z: index of the workgroup
 * in the grid. */
typedef void (*cria_kernel_fn)(void *const *bindings, void *scratch, uint32_t x, uint32_t y, uint32_t z);

#define CRIA_SANITIZER_NONE 0u
#define CRIA_SANITIZER_ADDRESS 1u

/* Exported as `cria_kernel_library`. */
typedef struct cria_kernel_library_info {
  uint32_t magic;     /* CRIA_KERNEL_LIBRARY_MAGIC */
  uint32_t version;   /* CRIA_KERNEL_ABI_VERSION */
  uint32_t sanitizer; /* CRIA_SANITIZER_*: a library made with one runs only in a process with the same */
  uint32_t reserved;  /* 0 */
  char features[48];  /* zero-terminated, as in cria_executable_info: "x86-64-v3", ... */
} cria_kernel_library_info;
#define CRIA_KERNEL_LIBRARY_MAGIC 0x41495243u /* "CRIA" */

/* The step buffer begins with this header; the arrays follow at the offsets that the program states. */
typedef struct cria_step_header {
  uint32_t num_tokens;    /* T */
  uint32_t num_outputs;   /* R */
  uint32_t num_sequences; /* S */
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

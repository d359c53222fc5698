/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * cria_kernel_info.h - the extension "cria.kernel_info" of backends for GPUs, for reports: what the driver
 * has made of a kernel when it loaded the code. PTX is compiled only then. cria_plugin::get_extension
 * returns a cria_kernel_info_api.
 */
#ifndef CRIA_KERNEL_INFO_H
#define CRIA_KERNEL_INFO_H

#include "cria_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CRIA_KERNEL_INFO_EXTENSION "cria.kernel_info"

/* 0: unknown. */
typedef struct cria_kernel_info {
  uint32_t struct_size;
  uint32_t registers;       /* of a thread */
  uint32_t resident_blocks; /* how many blocks a multiprocessor holds at once */
  uint32_t reserved;        /* 0 */
} cria_kernel_info;

typedef struct cria_kernel_info_api {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
  /* Describes a kernel of `code`, launched in blocks of `threads` threads with `scratch_bytes` of dynamic
   * shared memory. Errors: NOT_FOUND, UNSUPPORTED (more shared memory than a block may have). */
  cria_status (*read)(cria_context *context, cria_code *code, cria_string kernel, uint32_t threads,
                      uint64_t scratch_bytes, cria_kernel_info *out, cria_message *message);
} cria_kernel_info_api;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif /* CRIA_KERNEL_INFO_H */

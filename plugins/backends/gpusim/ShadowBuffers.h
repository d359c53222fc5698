// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers in host memory that track which of their bytes are initialized: those that have been uploaded,
// filled (unless with NaN), copied from initialized bytes or stored by a kernel. The others hold NaN in every
// floating-point type.
#pragma once

#include "plugins/sdk/cria_host_backend.hpp"

namespace cria::gpusim {

using plugin::Check;

/// The buffers of this backend. Imported memory has no shadow: all of it is initialized.
struct ShadowBuffer : cria_buffer {
  using cria_buffer::cria_buffer;
  std::vector<uint8_t> shadow;
};

/// Returns the shadow of a buffer; null for imported memory.
uint8_t *shadowOf(cria_buffer &buffer, uint64_t offset);

/// Copies bytes and their shadow. REQUIRES: the ranges are valid.
void copyBytes(cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
               uint64_t sourceOffset, uint64_t size);
void fillBytes(cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value);

/// Buffers, queues and transfers with shadows. Buffers are not host-visible, since direct writes by the host
/// would not update the shadow.
struct ShadowMemory : plugin::HostMemory {
  static Check allocate(cria_context &context, const cria_buffer_info &info,
                        std::unique_ptr<cria_buffer> &out);
  static Check import(cria_context &context, const void *data, uint64_t size,
                      std::unique_ptr<cria_buffer> &out);
  static void hostPointer() = delete;
  static Check upload(cria_queue &queue, cria_buffer &buffer, uint64_t offset, const void *source,
                      uint64_t size);
  static Check copy(cria_queue &queue, cria_buffer &destination, uint64_t destinationOffset,
                    cria_buffer &source, uint64_t sourceOffset, uint64_t size);
  static Check fill(cria_queue &queue, cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value);
};

} // namespace cria::gpusim

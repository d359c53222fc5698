// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers in host memory that know which of their bytes hold values: what has been uploaded, filled (unless
// with NaN), copied from such bytes or stored by a kernel. The rest holds NaN in every float format.
#pragma once

#include "plugins/sdk/cria_host_backend.hpp"

namespace cria::gpusim {

using plugin::Check;

/// Every buffer of this backend is one of these. Imported memory has no shadow: all of it holds values.
struct ShadowBuffer : cria_buffer {
  using cria_buffer::cria_buffer;
  std::vector<uint8_t> shadow;
};

/// Null for imported memory.
uint8_t *shadowOf(cria_buffer &buffer, uint64_t offset);

/// Copies bytes and what is known about them. The ranges have been checked.
void copyBytes(cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
               uint64_t sourceOffset, uint64_t size);
void fillBytes(cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value);

/// Buffers, queues and transfers with shadows. Buffers are not host visible: what the host wrote without the
/// interface would go unnoticed.
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

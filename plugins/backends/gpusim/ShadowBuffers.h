// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers in host memory that know which of their bytes hold values: what has been uploaded, filled (unless
// with NaN), copied from such bytes or stored by a kernel. The rest holds NaN in every float format.
#pragma once

#include "plugins/sdk/cria_host_backend.hpp"

namespace cria::gpusim {

/// Every buffer of this backend is one of these. Imported memory has no shadow: all of it holds values.
struct ShadowBuffer : cria_buffer {
  std::vector<uint8_t> shadow;
};

/// Null for imported memory.
uint8_t *shadowOf(cria_buffer &buffer, uint64_t offset);

/// Copies bytes and what is known about them. The ranges have been checked.
void copyBytes(cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
               uint64_t sourceOffset, uint64_t size);
void fillBytes(cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value);

/// Puts the functions for buffers, queues and transfers into the table. Buffers are not host visible: what
/// the host wrote past the interface would go unnoticed.
void installShadowBuffers(cria_backend_api &api);

} // namespace cria::gpusim

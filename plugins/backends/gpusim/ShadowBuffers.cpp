// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls HostMemory and updates the shadow accordingly.
#include "plugins/backends/gpusim/ShadowBuffers.h"

#include <memory>

namespace cria::gpusim {
namespace {

namespace host = plugin::host;

ShadowBuffer &shadowed(cria_buffer &buffer) { return static_cast<ShadowBuffer &>(buffer); }

void markDefined(cria_buffer &buffer, uint64_t offset, uint64_t size) {
  if (size != 0) {
    std::memset(shadowOf(buffer, offset), 1, size);
  }
}

/// A fill with NaN makes memory uninitialized again.
void markFilled(cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value) {
  constexpr uint32_t kNan = 0x7FC00000u;
  if (size != 0) {
    std::memset(shadowOf(buffer, offset), (value & kNan) == kNan ? 0 : 1, size);
  }
}

void copyShadow(cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
                uint64_t sourceOffset, uint64_t size) {
  const uint8_t *known = shadowOf(source, sourceOffset);
  if (known == nullptr) {
    markDefined(destination, destinationOffset, size);
  } else if (size != 0) {
    std::memmove(shadowOf(destination, destinationOffset), known, size);
  }
}

} // namespace

uint8_t *shadowOf(cria_buffer &buffer, uint64_t offset) {
  std::vector<uint8_t> &shadow = shadowed(buffer).shadow;
  return shadow.empty() ? nullptr : shadow.data() + offset;
}

void copyBytes(cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
               uint64_t sourceOffset, uint64_t size) {
  std::memmove(destination.data + destinationOffset, source.data + sourceOffset, size);
  copyShadow(destination, destinationOffset, source, sourceOffset, size);
}

void fillBytes(cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value) {
  host::fillWords(buffer.data + offset, size, value);
  markFilled(buffer, offset, size, value);
}

Check ShadowMemory::allocate(cria_context &context, const cria_buffer_info &info,
                             std::unique_ptr<cria_buffer> &out) {
  std::unique_ptr<cria_buffer> plain;
  if (Check check = HostMemory::allocate(context, info, plain); check.failed()) {
    return check;
  }
  auto buffer = std::make_unique<ShadowBuffer>(plain->data, plain->size, false);
  buffer->shadow.assign(plain->size, 0);
  std::memset(plain->data, 0xFF, plain->size);
  buffer->owned = std::exchange(plain->owned, false);
  out = std::move(buffer);
  return {};
}

Check ShadowMemory::import(cria_context &, const void *data, uint64_t size,
                           std::unique_ptr<cria_buffer> &out) {
  out = std::make_unique<ShadowBuffer>(static_cast<std::byte *>(const_cast<void *>(data)), size, false);
  return checkImport(data, size);
}

Check ShadowMemory::upload(cria_queue &queue, cria_buffer &buffer, uint64_t offset, const void *source,
                           uint64_t size) {
  Check check = HostMemory::upload(queue, buffer, offset, source, size);
  if (!check.failed()) {
    markDefined(buffer, offset, size);
  }
  return check;
}

/// HostMemory checks and copies. If it succeeds, the destination is not imported memory.
Check ShadowMemory::copy(cria_queue &queue, cria_buffer &destination, uint64_t destinationOffset,
                         cria_buffer &source, uint64_t sourceOffset, uint64_t size) {
  Check check = HostMemory::copy(queue, destination, destinationOffset, source, sourceOffset, size);
  if (!check.failed()) {
    copyShadow(destination, destinationOffset, source, sourceOffset, size);
  }
  return check;
}

Check ShadowMemory::fill(cria_queue &queue, cria_buffer &buffer, uint64_t offset, uint64_t size,
                         uint32_t value) {
  Check check = HostMemory::fill(queue, buffer, offset, size, value);
  if (!check.failed()) {
    markFilled(buffer, offset, size, value);
  }
  return check;
}

} // namespace cria::gpusim

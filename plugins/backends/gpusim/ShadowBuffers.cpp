// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shared half of backends on host memory does the work; the shadow follows it.
#include "plugins/backends/gpusim/ShadowBuffers.h"

#include <memory>

namespace cria::gpusim {
namespace {

using plugin::guarded;
namespace host = plugin::host;

ShadowBuffer &shadowed(cria_buffer &buffer) { return static_cast<ShadowBuffer &>(buffer); }

struct PlainDeleter {
  void operator()(cria_buffer *buffer) const { host::bufferFree(nullptr, buffer); }
};

// Takes over what the shared half has made.
cria_buffer *adopt(cria_buffer *made, bool withShadow) {
  std::unique_ptr<cria_buffer, PlainDeleter> plain(made);
  auto buffer = std::make_unique<ShadowBuffer>();
  if (withShadow) {
    buffer->shadow.assign(plain->size, 0);
    std::memset(plain->data, 0xFF, plain->size);
  }
  static_cast<cria_buffer &>(*buffer) = *plain;
  plain->owned = false; // the memory is the new buffer's
  return buffer.release();
}

cria_status bufferAllocate(cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                           cria_message *message) {
  cria_buffer *plain = nullptr;
  const cria_status status = host::bufferAllocate(context, info, &plain, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  return guarded(message, [&] {
    *out = adopt(plain, true);
    return CRIA_STATUS_OK;
  });
}

cria_status bufferImport(cria_context *context, const void *data, uint64_t size, cria_buffer **out,
                         cria_message *message) {
  cria_buffer *plain = nullptr;
  const cria_status status = host::bufferImport(context, data, size, &plain, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  return guarded(message, [&] {
    *out = adopt(plain, false);
    return CRIA_STATUS_OK;
  });
}

void bufferFree(cria_context *, cria_buffer *buffer) {
  if (buffer != nullptr && buffer->owned) {
    std::free(buffer->data);
  }
  delete static_cast<ShadowBuffer *>(buffer);
}

void markDefined(cria_buffer &buffer, uint64_t offset, uint64_t size) {
  if (size != 0) {
    std::memset(shadowOf(buffer, offset), 1, size);
  }
}

// A fill with NaN takes values away: what was there before must not be read any more.
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

cria_status upload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source, uint64_t size,
                   cria_message *message) {
  const cria_status status = host::upload(queue, buffer, offset, source, size, message);
  if (status == CRIA_STATUS_OK) {
    markDefined(*buffer, offset, size);
  }
  return status;
}

// The shared half checks and copies; the destination is then not imported.
cria_status copy(cria_queue *queue, cria_buffer *destination, uint64_t destinationOffset, cria_buffer *source,
                 uint64_t sourceOffset, uint64_t size, cria_message *message) {
  const cria_status status =
      host::copy(queue, destination, destinationOffset, source, sourceOffset, size, message);
  if (status == CRIA_STATUS_OK) {
    copyShadow(*destination, destinationOffset, *source, sourceOffset, size);
  }
  return status;
}

cria_status fill(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                 cria_message *message) {
  const cria_status status = host::fill(queue, buffer, offset, size, value, message);
  if (status == CRIA_STATUS_OK) {
    markFilled(*buffer, offset, size, value);
  }
  return status;
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

void installShadowBuffers(cria_backend_api &api) {
  plugin::installHostMemory(api);
  api.buffer_allocate = bufferAllocate;
  api.buffer_import = bufferImport;
  api.buffer_free = bufferFree;
  api.buffer_host_pointer = nullptr;
  api.upload = upload;
  api.copy = copy;
  api.fill = fill;
}

} // namespace cria::gpusim

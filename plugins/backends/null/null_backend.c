/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * null_backend.c - a complete backend that runs no code, to copy from.
 *
 * It accepts code of every format, checks every argument as cria_plugin.h requires, keeps buffers in host
 * memory, copies and fills them, and records dispatches, but does not run them. Buffers are initialized to
 * zero, so all results are zero. It also serves to measure the overhead of the host.
 *
 * To write a backend, copy this folder, change the name in CMakeLists.txt, report in null_probe() which code
 * it runs, allocate device memory in struct cria_buffer, translate entries in null_record() and run them in
 * null_replay(). An asynchronous device also needs real events and null_finish().
 */
#include <cria_plugin.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The handles of the interface ---- */

struct cria_context {
  uint64_t live_objects; /* objects of this context that have not been freed */
};

struct cria_buffer {
  unsigned char *data;
  uint64_t size;
  int imported; /* read-only memory of the host, not copied */
};

struct cria_code {
  uint64_t size;
};

/* A recorded entry. Only copies and fills have an effect. */
struct recorded_entry {
  uint32_t kind;
  uint32_t fill_value;
  unsigned char *destination;
  const unsigned char *source;
  uint64_t size;
};

struct cria_recording {
  uint32_t num_entries;
  struct recorded_entry entries[];
};

struct cria_queue {
  cria_context *context;
  int profiling;
  uint32_t profiled_entries; /* number of entries of the last replay */
};

/* All work is done when a call returns, so every event is signaled when it is created. */
struct cria_event {
  int unused;
};

/* Atomic, since several registries may query the plugin concurrently. */
static const cria_host *_Atomic the_host;

/* ---- Reporting ---- */

/* Writes text to the caller's message, if there is one, and returns `status`. */
__attribute__((format(printf, 3, 4))) static cria_status report(cria_message *message, cria_status status,
                                                                const char *format, ...) {
  if (message != NULL && message->data != NULL) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const uint64_t size = length < 0 ? 0 : strnlen(text, sizeof(text));
    message->size = size < message->capacity ? size : message->capacity;
    memcpy(message->data, text, message->size);
  }
  return status;
}

static cria_status invalid_size(cria_message *message, const char *what) {
  return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                "%s: struct_size is smaller than version 1.0 of the interface", what);
}

static cria_status out_of_memory(cria_message *message, uint64_t size) {
  return report(message, CRIA_STATUS_OUT_OF_MEMORY, "cannot allocate %llu bytes of host memory",
                (unsigned long long)size);
}

static cria_string text(const char *literal) { return (cria_string){literal, strlen(literal)}; }

/* Arguments for "%.*s" of printf. */
#define SHOW(string)                                                                                         \
  (int)((string).size < 100 ? (string).size : 100), ((string).data != NULL ? (string).data : "")

/* ---- Devices and code ---- */

static cria_status null_device_count(uint32_t *count, cria_message *message) {
  (void)message;
  *count = 1;
  return CRIA_STATUS_OK;
}

static cria_status check_device(uint32_t device, cria_message *message) {
  return device == 0 ? CRIA_STATUS_OK
                     : report(message, CRIA_STATUS_NOT_FOUND, "expected device 0, got %u", device);
}

static cria_status null_device_info(uint32_t device, cria_device_info *out, cria_message *message) {
  const cria_status status = check_device(device, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  if (!CRIA_HAS_FIELD(cria_device_info, out, memory_free_bytes)) {
    return invalid_size(message, "device info");
  }
  out->name = text("nothing");
  out->description = text("accepts all code and runs none");
  out->memory_bytes = 0;
  out->memory_free_bytes = 0;
  return CRIA_STATUS_OK;
}

/* A real backend checks format, features and version here, and reports what is missing. */
static cria_status null_probe(uint32_t device, const cria_executable_info *info, uint32_t *score,
                              cria_message *message) {
  const cria_status status = check_device(device, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  if (!CRIA_HAS_FIELD(cria_executable_info, info, features)) {
    return invalid_size(message, "executable info");
  }
  *score = 1;
  return CRIA_STATUS_OK;
}

static cria_status null_open(const cria_open_options *options, cria_context **out, cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_open_options, options, flags)) {
    return invalid_size(message, "open options");
  }
  const cria_status status = check_device(options->device, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  if ((options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "unknown flags %#x", options->flags);
  }
  cria_context *context = calloc(1, sizeof(*context));
  if (context == NULL) {
    return out_of_memory(message, sizeof(*context));
  }
  *out = context;
  return CRIA_STATUS_OK;
}

static void null_close(cria_context *context) {
  if (context->live_objects != 0 && the_host->log != NULL) {
    char line[96];
    snprintf(line, sizeof(line), "null: closed with %llu objects not freed",
             (unsigned long long)context->live_objects);
    the_host->log(the_host->user, CRIA_LOG_WARNING, text(line));
  }
  free(context);
}

static cria_status null_load(cria_context *context, const cria_executable *executable, cria_code **out,
                             cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_executable, executable, path) ||
      !CRIA_HAS_FIELD(cria_executable_info, executable->info, features)) {
    return invalid_size(message, "executable");
  }
  if (executable->reserved != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "executable: reserved field is not zero");
  }
  cria_code *code = malloc(sizeof(*code));
  if (code == NULL) {
    return out_of_memory(message, sizeof(*code));
  }
  code->size = executable->size;
  ++context->live_objects;
  *out = code;
  return CRIA_STATUS_OK;
}

static void null_unload(cria_context *context, cria_code *code) {
  --context->live_objects;
  free(code);
}

/* ---- Buffers ---- */

#define BUFFER_ALIGNMENT 64u

static cria_status new_buffer(cria_context *context, unsigned char *data, uint64_t size, int imported,
                              cria_buffer **out, cria_message *message) {
  cria_buffer *buffer = malloc(sizeof(*buffer));
  if (buffer == NULL) {
    return out_of_memory(message, sizeof(*buffer));
  }
  *buffer = (struct cria_buffer){data, size, imported};
  ++context->live_objects;
  *out = buffer;
  return CRIA_STATUS_OK;
}

static cria_status null_buffer_allocate(cria_context *context, const cria_buffer_info *info,
                                        cria_buffer **out, cria_message *message) {
  const uint64_t size = info->size; /* all usages share the same kind of memory */
  if (size == 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "buffer size must be above 0");
  }
  void *data = NULL;
  if (size > SIZE_MAX - BUFFER_ALIGNMENT || posix_memalign(&data, BUFFER_ALIGNMENT, size) != 0) {
    return out_of_memory(message, size);
  }
  memset(data, 0, size);
  const cria_status status = new_buffer(context, data, size, 0, out, message);
  if (status != CRIA_STATUS_OK) {
    free(data);
  }
  return status;
}

static cria_status null_buffer_import(cria_context *context, const void *data, uint64_t size,
                                      cria_buffer **out, cria_message *message) {
  if (data == NULL || size == 0 || (uintptr_t)data % BUFFER_ALIGNMENT != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "imported memory is empty or not 64-byte aligned");
  }
  return new_buffer(context, (unsigned char *)data, size, 1, out, message);
}

static void null_buffer_free(cria_context *context, cria_buffer *buffer) {
  --context->live_objects;
  if (!buffer->imported) {
    free(buffer->data);
  }
  free(buffer);
}

static void *null_buffer_host_pointer(cria_context *context, cria_buffer *buffer) {
  (void)context;
  return buffer->data;
}

/* Checks that a range is within a buffer. No sum overflows. */
static cria_status check_range(const cria_buffer *buffer, uint64_t offset, uint64_t size, const char *what,
                               cria_message *message) {
  if (offset <= buffer->size && size <= buffer->size - offset) {
    return CRIA_STATUS_OK;
  }
  return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                "%s: %llu bytes at offset %llu are outside a buffer of %llu bytes", what,
                (unsigned long long)size, (unsigned long long)offset, (unsigned long long)buffer->size);
}

static cria_status check_written_range(const cria_buffer *buffer, uint64_t offset, uint64_t size,
                                       const char *what, cria_message *message) {
  if (buffer->imported) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "%s: the buffer is imported read-only memory", what);
  }
  return check_range(buffer, offset, size, what, message);
}

static cria_status check_words(uint64_t offset, uint64_t size, cria_message *message) {
  return offset % 4 == 0 && size % 4 == 0
             ? CRIA_STATUS_OK
             : report(message, CRIA_STATUS_INVALID_ARGUMENT, "fill: offset and size must be multiples of 4");
}

static void fill_words(unsigned char *destination, uint64_t size, uint32_t value) {
  for (uint64_t i = 0; i < size; i += sizeof(value)) {
    memcpy(destination + i, &value, sizeof(value));
  }
}

/* ---- Recording ---- */

/* Returns the size of an element in bytes; 0 for an unknown type. */
static uint64_t size_of_type(uint32_t type) {
  switch (type) {
  case CRIA_TYPE_F32:
  case CRIA_TYPE_I32:
  case CRIA_TYPE_U32:
    return 4;
  case CRIA_TYPE_F16:
  case CRIA_TYPE_BF16:
    return 2;
  case CRIA_TYPE_U8:
  case CRIA_TYPE_I8:
    return 1;
  default:
    return 0;
  }
}

/* Returns whether all elements are within the operand's window, for any strides and shape. */
static int elements_fit(const cria_operand *operand) {
  uint64_t left =
      operand->size / size_of_type(operand->type); /* elements of the window after the current one */
  for (uint32_t d = 0; d < operand->rank; ++d) {
    if (operand->shape[d] == 0) {
      return 1;
    }
  }
  for (uint32_t d = 0; d < operand->rank; ++d) {
    const uint64_t steps = operand->shape[d] - 1;
    if (operand->strides[d] != 0 && steps > left / operand->strides[d]) {
      return 0;
    }
    left -= steps * operand->strides[d];
  }
  return left >= 1;
}

/* Checks an operand of a kernel or op. `alignment` 0: that of the operand's element type. */
static cria_status check_operand(const cria_operand *operand, uint64_t alignment, cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_operand, operand, strides)) {
    return invalid_size(message, "operand");
  }
  if (operand->access < CRIA_ACCESS_READ || operand->access > CRIA_ACCESS_READ_WRITE) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "operand '%.*s': unknown access %u",
                  SHOW(operand->name), operand->access);
  }
  if (size_of_type(operand->type) == 0 || operand->rank > 8) {
    return report(message, CRIA_STATUS_UNSUPPORTED, "operand '%.*s': unknown type %u or rank %u above 8",
                  SHOW(operand->name), operand->type, operand->rank);
  }
  if (operand->offset % (alignment != 0 ? alignment : size_of_type(operand->type)) != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "operand '%.*s': offset %llu is not aligned",
                  SHOW(operand->name), (unsigned long long)operand->offset);
  }
  if (!elements_fit(operand)) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                  "operand '%.*s': elements are outside its window of %llu bytes", SHOW(operand->name),
                  (unsigned long long)operand->size);
  }
  return (operand->access & CRIA_ACCESS_WRITE) != 0
             ? check_written_range(operand->buffer, operand->offset, operand->size, "operand", message)
             : check_range(operand->buffer, operand->offset, operand->size, "operand", message);
}

static cria_status check_operands(const cria_entry *entry, uint64_t alignment, cria_message *message) {
  for (uint32_t i = 0; i < entry->num_operands; ++i) {
    const cria_status status = check_operand(entry->operands[i], alignment, message);
    if (status != CRIA_STATUS_OK) {
      return status;
    }
  }
  return CRIA_STATUS_OK;
}

static cria_status record_kernel(const cria_entry *entry, cria_message *message) {
  if (entry->grid[0] == 0 || entry->grid[1] == 0 || entry->grid[2] == 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "kernel '%.*s': the grid is empty",
                  SHOW(entry->name));
  }
  return check_operands(entry, BUFFER_ALIGNMENT, message);
}

/* A real backend looks up the op here, and returns UNSUPPORTED for unknown ops, attributes and required
 * operands. */
static cria_status record_op(const cria_entry *entry, cria_message *message) {
  for (uint32_t i = 0; i < entry->num_attributes; ++i) {
    const cria_attribute *attribute = entry->attributes[i];
    if (!CRIA_HAS_FIELD(cria_attribute, attribute, text)) {
      return invalid_size(message, "attribute");
    }
    if (attribute->type < CRIA_ATTRIBUTE_INT || attribute->type > CRIA_ATTRIBUTE_STRING) {
      return report(message, CRIA_STATUS_UNSUPPORTED, "op '%.*s': attribute '%.*s' has unknown type %u",
                    SHOW(entry->name), SHOW(attribute->name), attribute->type);
    }
  }
  return check_operands(entry, 0, message);
}

/* Copies have a source and a destination, fills only a destination. */
static cria_status record_bytes(const cria_entry *entry, struct recorded_entry *out, cria_message *message) {
  const uint32_t expected = entry->kind == CRIA_ENTRY_COPY ? 2 : 1;
  if (entry->num_operands != expected) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected %u operands, got %u", expected,
                  entry->num_operands);
  }
  const cria_operand *destination = entry->operands[expected - 1];
  cria_status status = check_written_range(destination->buffer, destination->offset, destination->size,
                                           "destination", message);
  if (status == CRIA_STATUS_OK && entry->kind == CRIA_ENTRY_FILL) {
    status = check_words(destination->offset, destination->size, message);
  }
  if (status == CRIA_STATUS_OK && entry->kind == CRIA_ENTRY_COPY) {
    const cria_operand *source = entry->operands[0];
    status =
        source->size == destination->size
            ? check_range(source->buffer, source->offset, source->size, "source", message)
            : report(message, CRIA_STATUS_INVALID_ARGUMENT, "copy: source and destination differ in size");
    out->source = source->buffer->data + source->offset;
  }
  out->destination = destination->buffer->data + destination->offset;
  out->size = destination->size;
  out->fill_value = entry->fill_value;
  return status;
}

static cria_status record_entry(const cria_entry *entry, struct recorded_entry *out, cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_entry, entry, attributes)) {
    return invalid_size(message, "entry");
  }
  if (entry->reserved != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "entry '%.*s': reserved field is not zero",
                  SHOW(entry->name));
  }
  out->kind = entry->kind;
  switch (entry->kind) {
  case CRIA_ENTRY_KERNEL:
    return record_kernel(entry, message);
  case CRIA_ENTRY_OP:
    return record_op(entry, message);
  case CRIA_ENTRY_COPY:
  case CRIA_ENTRY_FILL:
    return record_bytes(entry, out, message);
  default:
    return report(message, CRIA_STATUS_UNSUPPORTED, "entry '%.*s': unknown kind %u", SHOW(entry->name),
                  entry->kind);
  }
}

static cria_status null_record(cria_context *context, cria_code *code, const cria_record_info *info,
                               cria_recording **out, cria_message *message) {
  (void)code;
  if (!CRIA_HAS_FIELD(cria_record_info, info, entries)) {
    return invalid_size(message, "record info");
  }
  const uint64_t size = sizeof(cria_recording) + (uint64_t)info->num_entries * sizeof(struct recorded_entry);
  cria_recording *recording = calloc(1, size);
  if (recording == NULL) {
    return out_of_memory(message, size);
  }
  recording->num_entries = info->num_entries;
  for (uint32_t i = 0; i < info->num_entries; ++i) {
    const cria_status status = record_entry(info->entries[i], &recording->entries[i], message);
    if (status != CRIA_STATUS_OK) {
      free(recording);
      return status;
    }
  }
  ++context->live_objects;
  *out = recording;
  return CRIA_STATUS_OK;
}

static void null_recording_free(cria_context *context, cria_recording *recording) {
  --context->live_objects;
  free(recording);
}

/* ---- Queue ---- */

static cria_status null_queue_create(cria_context *context, cria_queue **out, cria_message *message) {
  cria_queue *queue = calloc(1, sizeof(*queue));
  if (queue == NULL) {
    return out_of_memory(message, sizeof(*queue));
  }
  queue->context = context;
  ++context->live_objects;
  *out = queue;
  return CRIA_STATUS_OK;
}

static void null_queue_free(cria_queue *queue) {
  --queue->context->live_objects;
  free(queue);
}

static cria_status null_upload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source,
                               uint64_t size, cria_message *message) {
  (void)queue;
  const cria_status status = check_written_range(buffer, offset, size, "upload", message);
  if (status == CRIA_STATUS_OK && size != 0) {
    memcpy(buffer->data + offset, source, size);
  }
  return status;
}

static cria_status null_download(cria_queue *queue, cria_buffer *buffer, uint64_t offset, void *destination,
                                 uint64_t size, cria_message *message) {
  (void)queue;
  const cria_status status = check_range(buffer, offset, size, "download", message);
  if (status == CRIA_STATUS_OK && size != 0) {
    memcpy(destination, buffer->data + offset, size);
  }
  return status;
}

static cria_status null_copy(cria_queue *queue, cria_buffer *destination, uint64_t destination_offset,
                             cria_buffer *source, uint64_t source_offset, uint64_t size,
                             cria_message *message) {
  (void)queue;
  cria_status status =
      check_written_range(destination, destination_offset, size, "copy destination", message);
  if (status == CRIA_STATUS_OK) {
    status = check_range(source, source_offset, size, "copy source", message);
  }
  if (status == CRIA_STATUS_OK) {
    memmove(destination->data + destination_offset, source->data + source_offset, size);
  }
  return status;
}

static cria_status null_fill(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size,
                             uint32_t value, cria_message *message) {
  (void)queue;
  cria_status status = check_words(offset, size, message);
  if (status == CRIA_STATUS_OK) {
    status = check_written_range(buffer, offset, size, "fill", message);
  }
  if (status == CRIA_STATUS_OK) {
    fill_words(buffer->data + offset, size, value);
  }
  return status;
}

/* A real backend runs its kernels here. It must not allocate: null_record() has prepared everything. */
static void replay_entry(const struct recorded_entry *entry) {
  if (entry->kind == CRIA_ENTRY_COPY) {
    memmove(entry->destination, entry->source, entry->size);
  } else if (entry->kind == CRIA_ENTRY_FILL) {
    fill_words(entry->destination, entry->size, entry->fill_value);
  }
}

static cria_status null_replay(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                               cria_message *message) {
  for (uint32_t i = 0; i < recording->num_entries; ++i) {
    if (cancel != NULL && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0) {
      return report(message, CRIA_STATUS_CANCELLED, "the step was cancelled");
    }
    replay_entry(&recording->entries[i]);
  }
  queue->profiled_entries = queue->profiling ? recording->num_entries : 0;
  return CRIA_STATUS_OK;
}

static cria_status null_signal(cria_queue *queue, cria_event **out, cria_message *message) {
  (void)queue;
  cria_event *event = calloc(1, sizeof(*event));
  if (event == NULL) {
    return out_of_memory(message, sizeof(*event));
  }
  *out = event;
  return CRIA_STATUS_OK;
}

static cria_status null_event_wait(cria_event *event, uint64_t timeout_ns, cria_message *message) {
  (void)event;
  (void)timeout_ns;
  (void)message;
  return CRIA_STATUS_OK;
}

static void null_event_free(cria_event *event) { free(event); }

static cria_status null_finish(cria_queue *queue, cria_message *message) {
  (void)queue;
  (void)message;
  return CRIA_STATUS_OK;
}

static cria_status null_profile_enable(cria_queue *queue, uint32_t on, cria_message *message) {
  (void)message;
  queue->profiling = on != 0;
  queue->profiled_entries = 0;
  return CRIA_STATUS_OK;
}

/* Reports 0 ns for each entry. */
static cria_status null_profile_read(cria_queue *queue, cria_profile *out, cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_profile, out, nanoseconds)) {
    return invalid_size(message, "profile");
  }
  if (out->num_entries < queue->profiled_entries) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected a profile of at least %u entries, got %u",
                  queue->profiled_entries, out->num_entries);
  }
  for (uint32_t i = 0; i < queue->profiled_entries; ++i) {
    out->nanoseconds[i] = 0;
  }
  out->num_entries = queue->profiled_entries;
  return CRIA_STATUS_OK;
}

/* ---- The table and the exported symbol ---- */

/* A real backend leaves `flags` at 0, so that it can be chosen by its score. */
static const cria_backend_api backend_api = {
    .struct_size = sizeof(cria_backend_api),
    .flags = CRIA_BACKEND_EXPLICIT_ONLY,
    .device_count = null_device_count,
    .device_info = null_device_info,
    .probe = null_probe,
    .open = null_open,
    .close = null_close,
    .buffer_allocate = null_buffer_allocate,
    .buffer_import = null_buffer_import,
    .buffer_free = null_buffer_free,
    .buffer_host_pointer = null_buffer_host_pointer,
    .load = null_load,
    .unload = null_unload,
    .record = null_record,
    .recording_free = null_recording_free,
    .queue_create = null_queue_create,
    .queue_free = null_queue_free,
    .upload = null_upload,
    .download = null_download,
    .copy = null_copy,
    .fill = null_fill,
    .replay = null_replay,
    .signal = null_signal,
    .event_wait = null_event_wait,
    .event_free = null_event_free,
    .finish = null_finish,
    .profile_enable = null_profile_enable,
    .profile_read = null_profile_read,
};

cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  if (!CRIA_HAS_FIELD(cria_host, host, log) || !CRIA_HAS_FIELD(cria_plugin, out, get_extension)) {
    return invalid_size(message, "plugin query");
  }
  /* Nothing newer than 1.0 is used, so every host of this major version is accepted. */
  static const uint32_t lowest = 0;
  static const uint32_t highest = CRIA_ABI_MINOR;
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_max < lowest || host->abi_minor_min > highest) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "this plugin supports plugin ABI %u.%u to %u.%u, the host %u.%u to %u.%u", CRIA_ABI_MAJOR,
                  lowest, CRIA_ABI_MAJOR, highest, host->abi_major, host->abi_minor_min, host->abi_major,
                  host->abi_minor_max);
  }
  the_host = host;
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = host->abi_minor_max < highest ? host->abi_minor_max : highest;
  out->kind = CRIA_PLUGIN_BACKEND;
  out->name = text(CRIA_PLUGIN_NAME);
  out->version = text(CRIA_PLUGIN_VERSION);
  out->description = text("Accept all code and run none: a template, and a measure of the host's overhead");
  out->api = &backend_api;
  out->get_extension = NULL;
  return CRIA_STATUS_OK;
}

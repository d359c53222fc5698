/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * cria_plugin.h - the whole contract between Cria and its plugins.
 *
 * A plugin is a shared library that implements one backend, sampler or chat template. Plugins implement this
 * header; the Cria runtime calls it. Plain C11, depends on nothing but <stdint.h> and <stddef.h>.
 *
 * Conventions that hold throughout
 *  1. One exported symbol, cria_plugin_query. Everything else is reached through the tables it returns.
 *  2. Every struct that may grow begins with `struct_size`, set by whoever fills the struct to sizeof of
 *     the struct it was compiled with. A reader uses only fields that lie inside struct_size; a missing
 *     function pointer at the end counts as NULL. Fields are only appended. Arrays of such structs are
 *     arrays of pointers.
 *  3. Fixed-width integers only; no enum, no bool. Reserved fields are zero; a non-zero reserved field
 *     and an unknown kind are CRIA_STATUS_INVALID_ARGUMENT or CRIA_STATUS_UNSUPPORTED, never ignored.
 *  4. Every function pointer is required unless its comment says (optional; default ...).
 *  5. Pointers are borrowed for the call unless the comment says otherwise. Strings are UTF-8 with a
 *     length and are not zero-terminated. Strings and tables reached from cria_plugin live until the
 *     process ends.
 *  6. Functions return a cria_status. On any status but CRIA_STATUS_OK they write a reason to `message`,
 *     if it is not NULL, and leave their outputs unset. Messages are one sentence: what was expected,
 *     what was found.
 *  7. No exception, longjmp or abort crosses the boundary in either direction.
 *  8. Threads: functions of one object are called by one thread at a time; different objects may be used
 *     at once. Exceptions are marked.
 *  9. Sizes and offsets are bytes in 64 bits unless named otherwise.
 *
 * Versions: within a major version a minor one only appends. A plugin built against this header runs on every
 * host of the same major version that speaks its lowest minor one (docs/abi-changelog.md tells what bumps
 * which).
 */
#ifndef CRIA_PLUGIN_H
#define CRIA_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CRIA_ABI_MAJOR 1u
#define CRIA_ABI_MINOR 0u

/* Whether whoever filled *object, a `type` with struct_size, knew `field`. Holds for every field of
 * version 1.0; ask before reading one that a later version appended. */
#define CRIA_HAS_FIELD(type, object, field)                                                                  \
  ((object)->struct_size >= offsetof(type, field) + sizeof((object)->field))

#if defined(_WIN32)
#define CRIA_PLUGIN_EXPORT __declspec(dllexport)
#else
#define CRIA_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/* ---- Status ---- */

typedef uint32_t cria_status;
#define CRIA_STATUS_OK 0u
#define CRIA_STATUS_INVALID_ARGUMENT 1u  /* the caller broke the contract, or a value is out of range */
#define CRIA_STATUS_UNSUPPORTED 2u       /* well formed, but this plugin or device does not do it */
#define CRIA_STATUS_NOT_FOUND 3u         /* a named thing does not exist */
#define CRIA_STATUS_OUT_OF_MEMORY 4u     /* host or device memory */
#define CRIA_STATUS_DEVICE_LOST 5u       /* the device stopped answering; close the context */
#define CRIA_STATUS_INCOMPATIBLE_CODE 6u /* code of another format, version or instruction set */
#define CRIA_STATUS_IO 7u
#define CRIA_STATUS_CANCELLED 8u
#define CRIA_STATUS_TIMEOUT 9u
#define CRIA_STATUS_INTERNAL 10u

/* UTF-8 or raw bytes; `data` may be NULL when size is 0. */
typedef struct cria_string {
  const char *data;
  uint64_t size;
} cria_string;

/* Caller-owned room for a reason. The callee writes at most `capacity` bytes to `data` (truncating) and sets
 * `size` to the number written. */
typedef struct cria_message {
  uint32_t struct_size;
  uint32_t reserved;
  char *data;
  uint64_t capacity;
  uint64_t size;
} cria_message;

/* ---- Host and query ---- */

#define CRIA_LOG_ERROR 0u
#define CRIA_LOG_WARNING 1u
#define CRIA_LOG_INFO 2u
#define CRIA_LOG_DEBUG 3u

/* What the host offers. Lives until the process ends. */
typedef struct cria_host {
  uint32_t struct_size;
  uint32_t abi_major;     /* major version the host speaks */
  uint32_t abi_minor_min; /* lowest and highest minor version of it the host speaks */
  uint32_t abi_minor_max;
  void *user;
  /* Writes one line to the host's log. level: CRIA_LOG_*. Threads: any, at once. */
  void (*log)(void *user, uint32_t level, cria_string text);
} cria_host;

#define CRIA_PLUGIN_BACKEND 1u
#define CRIA_PLUGIN_SAMPLER 2u
#define CRIA_PLUGIN_CHAT 3u

/* Filled by the plugin; the host sets struct_size. */
typedef struct cria_plugin {
  uint32_t struct_size;
  uint32_t abi_major; /* the negotiated version: the highest that both sides speak */
  uint32_t abi_minor;
  uint32_t kind;           /* CRIA_PLUGIN_* */
  cria_string name;        /* unique within its kind, [a-z0-9_]+, same as in the sidecar */
  cria_string version;     /* the plugin's own version */
  cria_string description; /* one line */
  const void *api;         /* cria_backend_api, cria_sampler_api or cria_chat_api, by kind */
  /* (optional; default: no extensions) Returns a table known by that name, or NULL. For experiments. */
  const void *(*get_extension)(cria_string name);
} cria_plugin;

/* The exported symbol. Errors: INCOMPATIBLE_CODE when no version is shared; UNSUPPORTED when the plugin
 * cannot run on this machine (the message is shown to the user). Threads: any. A process with several
 * registries calls it once for each; it answers the same every time. */
typedef cria_status (*cria_plugin_query_fn)(const cria_host *host, cria_plugin *out, cria_message *message);
CRIA_PLUGIN_EXPORT cria_status cria_plugin_query(const cria_host *host, cria_plugin *out,
                                                 cria_message *message);

/* ---- Options (samplers and chat templates) ---- */

#define CRIA_OPTION_INT 1u
#define CRIA_OPTION_FLOAT 2u
#define CRIA_OPTION_STRING 3u
#define CRIA_OPTION_FLAG 4u /* value in `integer`, 0 or 1 */

/* Declares an option. Their order is that of positional arguments in a sampler expression. */
typedef struct cria_option_info {
  uint32_t struct_size;
  uint32_t type; /* CRIA_OPTION_* */
  cria_string name;
  cria_string description;
  double default_number; /* INT, FLOAT, FLAG; NaN: the option must be given */
  double minimum;        /* inclusive; the host refuses values outside */
  double maximum;
  cria_string default_text; /* STRING */
} cria_option_info;

/* One given option, checked by the host against its cria_option_info. Options not given are passed with their
 * defaults, so a plugin always receives all of its options, in the order of declaration. */
typedef struct cria_option {
  uint32_t struct_size;
  uint32_t type;
  cria_string name;
  int64_t integer;
  double number;
  cria_string text;
} cria_option;

/* ---- Backend ---- */

typedef struct cria_context cria_context;     /* an opened device */
typedef struct cria_buffer cria_buffer;       /* memory of a context */
typedef struct cria_code cria_code;           /* loaded executable code */
typedef struct cria_recording cria_recording; /* a resolved list of dispatches, replayed per step */
typedef struct cria_queue cria_queue;         /* in-order work of a context */
typedef struct cria_event cria_event;         /* a point in a queue */

typedef struct cria_device_info {
  uint32_t struct_size;
  uint32_t reserved;
  cria_string name;           /* as a user knows it, e.g. the processor's model name */
  cria_string description;    /* features that matter, e.g. "x86-64-v4 2 cores" */
  uint64_t memory_bytes;      /* total memory; 0: unknown */
  uint64_t memory_free_bytes; /* 0: unknown */
} cria_device_info;

/* What a package target needs. `format`: "cria.ops.v1", "elf.x86_64", "elf.aarch64", "nv.ptx",
 * "nv.cubin.sm_80", ... `features`: what the code needs beyond the format: "x86-64-v3", "x86-64-v4-vnni",
 * "sm_80", or empty. */
typedef struct cria_executable_info {
  uint32_t struct_size;
  uint32_t kernel_abi; /* CRIA_KERNEL_ABI_VERSION for kernels, the opset version for "cria.ops.*" */
  cria_string format;
  cria_string features;
} cria_executable_info;

typedef struct cria_open_options {
  uint32_t struct_size;
  uint32_t device;      /* index below the device count */
  uint32_t num_threads; /* 0: the backend's default (physical cores) */
  uint32_t flags;       /* CRIA_OPEN_* */
} cria_open_options;
#define CRIA_OPEN_POISON_SCRATCH 1u /* fill scratch memory with NaN before each workgroup (for tests) */

/* What a buffer is for: a hint where to place it, never a limit on what may be done with it. A usage that the
 * backend does not know counts as GENERAL. */
#define CRIA_BUFFER_GENERAL 0u
#define CRIA_BUFFER_WEIGHTS 1u  /* written once, read by every step */
#define CRIA_BUFFER_KV_CACHE 2u /* pages of keys and values */
#define CRIA_BUFFER_ARENA 3u    /* intermediate values of a step */
#define CRIA_BUFFER_STEP 4u     /* inputs that the host uploads, results that it downloads, every step */

typedef struct cria_buffer_info {
  uint32_t struct_size;
  uint32_t usage; /* CRIA_BUFFER_* */
  uint64_t size;  /* > 0 */
} cria_buffer_info;

/* Code to load. `data` holds the file's bytes; `path` names the same bytes on disk (absolute) or is empty. */
typedef struct cria_executable {
  uint32_t struct_size;
  uint32_t reserved;
  const cria_executable_info *info;
  const void *data;
  uint64_t size;
  cria_string path;
} cria_executable;

#define CRIA_TYPE_NONE 0u
#define CRIA_TYPE_F32 1u
#define CRIA_TYPE_F16 2u
#define CRIA_TYPE_BF16 3u
#define CRIA_TYPE_I32 4u
#define CRIA_TYPE_U32 5u
#define CRIA_TYPE_U8 6u
#define CRIA_TYPE_I8 7u

#define CRIA_ACCESS_READ 1u
#define CRIA_ACCESS_WRITE 2u
#define CRIA_ACCESS_READ_WRITE 3u

/* One operand of an entry: a typed window of a buffer. Element (i0, .., in) lies at
 * offset + sizeof(type) * sum(i_d * strides[d]). The window [offset, offset + size) lies inside the buffer
 * (checked by the host) and offset is a multiple of 64 for kernels and of the element size for ops. */
typedef struct cria_operand {
  uint32_t struct_size;
  uint32_t access; /* CRIA_ACCESS_* */
  cria_buffer *buffer;
  uint64_t offset;
  uint64_t size;
  uint32_t type;      /* CRIA_TYPE_* */
  uint32_t rank;      /* 0 to 8 */
  uint32_t required;  /* ops: 1 = a backend that does not know this operand's name must refuse the op */
  uint32_t is_result; /* ops: 0 input, 1 result */
  /* ops: the operand's name in the opset, e.g. "weight"; kernels: for messages and profiles */
  cria_string name;
  const uint64_t *shape;   /* rank extents; T and R are resolved */
  const uint64_t *strides; /* rank strides in elements */
} cria_operand;

#define CRIA_ATTRIBUTE_INT 1u
#define CRIA_ATTRIBUTE_FLOAT 2u
#define CRIA_ATTRIBUTE_STRING 3u

/* A named constant of an op. Every attribute must be understood; an unknown one refuses the op. */
typedef struct cria_attribute {
  uint32_t struct_size;
  uint32_t type; /* CRIA_ATTRIBUTE_* */
  cria_string name;
  int64_t integer;
  double number;
  cria_string text;
} cria_attribute;

#define CRIA_ENTRY_KERNEL 1u
#define CRIA_ENTRY_OP 2u
#define CRIA_ENTRY_COPY 3u       /* operands: source (read), destination (write) of equal size */
#define CRIA_ENTRY_FILL 4u       /* operand: destination; `fill_value` repeated */
#define CRIA_ENTRY_COLLECTIVE 5u /* reserved: UNSUPPORTED */

/* One dispatch with every number resolved. Workgroups of an entry are independent and unordered; an entry
 * sees all writes of earlier entries. A grid with a zero dimension never reaches the backend. */
typedef struct cria_entry {
  uint32_t struct_size;
  uint32_t kind;          /* CRIA_ENTRY_* */
  cria_string name;       /* kernel: symbol in the code; op: name in the opset, e.g. "rms_norm" */
  uint32_t grid[3];       /* kernel: workgroups in x, y, z */
  uint32_t block[3];      /* kernel on a GPU: threads of a workgroup; CPU: zero */
  uint64_t scratch_bytes; /* kernel on a CPU: per worker, 64-byte aligned; GPU: dynamic shared memory */
  uint32_t fill_value;    /* fill: 32-bit pattern */
  uint32_t num_operands;
  const cria_operand *const *operands; /* kernels: in binding order */
  uint32_t num_attributes;
  uint32_t reserved;
  const cria_attribute *const *attributes;
} cria_entry;

typedef struct cria_record_info {
  uint32_t struct_size;
  uint32_t num_entries;
  const cria_entry *const *entries; /* borrowed for the call: copy what is kept */
} cria_record_info;

/* Time spent per entry of the last replay, in the order of the recording. */
typedef struct cria_profile {
  uint32_t struct_size;
  uint32_t num_entries;  /* in: capacity of the array; out: entries written */
  uint64_t *nanoseconds; /* caller-owned */
} cria_profile;

typedef struct cria_backend_api {
  uint32_t struct_size;
  uint32_t flags; /* CRIA_BACKEND_* */

  /* Number of devices that could be opened; 0 is an answer, not an error. */
  cria_status (*device_count)(uint32_t *count, cria_message *message);
  /* device < count. Strings in `out` live until the process ends. */
  cria_status (*device_info)(uint32_t device, cria_device_info *out, cria_message *message);
  /* Does code of this kind run on this device? score 0: no, and `message` holds the reason; else the higher
   * the better (100 = a plain fit; better code scores more). Runs no foreign code. */
  cria_status (*probe)(uint32_t device, const cria_executable_info *info, uint32_t *score,
                       cria_message *message);

  /* *out: owned by the host until close. Errors: NOT_FOUND (no such device), UNSUPPORTED or INVALID_ARGUMENT
   * (options), OUT_OF_MEMORY. A status of OK with *out NULL breaks the contract, here and wherever an object
   * is made. */
  cria_status (*open)(const cria_open_options *options, cria_context **out, cria_message *message);
  /* Everything made from the context has been freed before. */
  void (*close)(cria_context *context);

  /* Memory is 64-byte aligned; contents are undefined. Errors: INVALID_ARGUMENT (size 0), OUT_OF_MEMORY
   * (names needed and free bytes). */
  cria_status (*buffer_allocate)(cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                                 cria_message *message);
  /* (optional; default: the host uploads) Uses 64-byte aligned, read-only host memory in place; the memory
   * outlives the buffer. */
  cria_status (*buffer_import)(cria_context *context, const void *data, uint64_t size, cria_buffer **out,
                               cria_message *message);
  void (*buffer_free)(cria_context *context, cria_buffer *buffer);
  /* (optional; default: not host visible) Address of the buffer in host memory, or NULL. Valid until it is
   * freed. */
  void *(*buffer_host_pointer)(cria_context *context, cria_buffer *buffer);

  /* *out: owned by the host until unload, which it outlives no recording of. Errors: INCOMPATIBLE_CODE. */
  cria_status (*load)(cria_context *context, const cria_executable *executable, cria_code **out,
                      cria_message *message);
  void (*unload)(cria_context *context, cria_code *code);

  /* Checks every entry against what the backend can run and prepares it. Later replays allocate nothing.
   * Buffers and code outlive the recording. Errors: UNSUPPORTED (op, type or attribute named), NOT_FOUND
   * (kernel named). */
  cria_status (*record)(cria_context *context, cria_code *code, const cria_record_info *info,
                        cria_recording **out, cria_message *message);
  void (*recording_free)(cria_context *context, cria_recording *recording);

  /* Lifetimes with an asynchronous queue: the host waits (finish, or an event) before it frees a recording,
   * code, a buffer, an event or the queue that queued work uses, and before it reads profile times. An event
   * may be freed whether it has been waited for or not, once its work is done. */
  cria_status (*queue_create)(cria_context *context, cria_queue **out, cria_message *message);
  void (*queue_free)(cria_queue *queue);
  /* Work on a queue happens in the order of the calls and may be asynchronous; an error may show at a later
   * call or wait. Host memory given to upload is copied before the call returns; host memory given to
   * download is valid after a wait. Ranges lie inside the buffer (the callee checks and answers
   * INVALID_ARGUMENT). */
  cria_status (*upload)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source,
                        uint64_t size, cria_message *message);
  cria_status (*download)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, void *destination,
                          uint64_t size, cria_message *message);
  cria_status (*copy)(cria_queue *queue, cria_buffer *destination, uint64_t destination_offset,
                      cria_buffer *source, uint64_t source_offset, uint64_t size, cria_message *message);
  /* offset and size are multiples of 4. */
  cria_status (*fill)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                      cria_message *message);
  /* cancel: (may be NULL) an int32 that another thread may set to non-zero (atomically) while the replay
   * runs; the backend looks at it between entries and answers CANCELLED, here or at the wait; buffers then
   * hold unspecified values. It lives until the replayed work is done. */
  cria_status (*replay)(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                        cria_message *message);
  /* An event that completes when all work queued so far is done. */
  cria_status (*signal)(cria_queue *queue, cria_event **out, cria_message *message);
  /* timeout_ns UINT64_MAX: for ever. Errors: TIMEOUT, and any error of the work waited for. Threads: any. */
  cria_status (*event_wait)(cria_event *event, uint64_t timeout_ns, cria_message *message);
  void (*event_free)(cria_event *event);
  /* Waits for all queued work. */
  cria_status (*finish)(cria_queue *queue, cria_message *message);

  /* (optional; default: no profile) Switches time-keeping on (1) or off (0) for a queue. */
  cria_status (*profile_enable)(cria_queue *queue, uint32_t on, cria_message *message);
  /* (optional; default: no profile) Times of the last replay. */
  cria_status (*profile_read)(cria_queue *queue, cria_profile *out, cria_message *message);
} cria_backend_api;
/* Bits of `flags`; others are zero. EXPLICIT_ONLY: never chosen by itself, only by name (null, reference). */
#define CRIA_BACKEND_EXPLICIT_ONLY 1u

/* ---- Vocabulary (samplers and chat templates) ---- */

#define CRIA_TOKEN_NORMAL 0u
#define CRIA_TOKEN_UNKNOWN 1u
#define CRIA_TOKEN_CONTROL 2u
#define CRIA_TOKEN_BYTE 3u
#define CRIA_TOKEN_UNUSED 4u

/* The ids of a model. Host memory, read-only; lives as long as any sampler or chat template made with it. */
typedef struct cria_vocabulary {
  uint32_t struct_size;
  uint32_t size;             /* number of ids */
  const cria_string *pieces; /* [size] the bytes a token prints inside a text: "▁" already a space, a byte
                                token its one byte, a control token nothing */
  const cria_string *names;  /* [size] what the tokenizer calls it: "▁the", "<0x0A>", "<s>"; may be empty */
  const uint8_t *kinds;      /* [size] CRIA_TOKEN_* */
  const int32_t *eos_ids;    /* [num_eos] any of them ends a text, as the model's configuration says */
  uint32_t num_eos;
  int32_t bos_id; /* begins a text; -1: the model wants none */
  int32_t eos_id; /* the tokenizer's own end of text; -1: none */
  uint32_t reserved;
} cria_vocabulary;

/* ---- Sampler ---- */

typedef struct cria_sampler cria_sampler;

/* The candidates for one token. ids and logits are host arrays owned by the host; a sampler may permute both
 * together, change logits, and lower `size` (never below 1). Logits are numbers or -infinity, at least one of
 * them a number, before each sampler and after it unless it selects: NaN, +infinity and -infinity throughout
 * end the request. */
typedef struct cria_candidates {
  uint32_t struct_size;
  uint32_t sorted; /* 1: logits descend (equal logits: lower id first) */
  int32_t *ids;    /* [size] */
  float *logits;   /* [size] */
  uint64_t size;
  /* Index into ids of the choice, or -1: none yet. The first sampler that sets it ends the chain. */
  int64_t selected;
} cria_candidates;

/* Where the token is, and randomness. uniform(): a double in [0, 1), a pure function of (seed, sequence,
 * position, index), so results do not depend on what else runs. */
typedef struct cria_sample_context {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t sequence;
  uint64_t position; /* position of the token being chosen */
  void *user;
  double (*uniform)(void *user, uint32_t index);
} cria_sample_context;

#define CRIA_ORIGIN_PROMPT 0u
#define CRIA_ORIGIN_GENERATED 1u

typedef struct cria_sampler_api {
  uint32_t struct_size;
  uint32_t num_options;
  const cria_option_info *const *options;
  /* options: [num_options] in order of declaration. vocabulary outlives the sampler. */
  cria_status (*create)(const cria_option *const *options, uint32_t num_options,
                        const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message);
  void (*destroy)(cria_sampler *sampler);
  cria_status (*apply)(cria_sampler *sampler, cria_candidates *candidates, const cria_sample_context *context,
                       cria_message *message);
  /* (optional; default: stateless) Tells the sampler a token that became part of the text. origin:
   * CRIA_ORIGIN_*. */
  cria_status (*accept)(cria_sampler *sampler, int32_t token, uint32_t origin, cria_message *message);
  /* (optional; default: stateless) Back to the state after create. */
  void (*reset)(cria_sampler *sampler);
  /* A sampler with the same options and state. */
  cria_status (*clone)(const cria_sampler *sampler, cria_sampler **out, cria_message *message);
} cria_sampler_api;

/* ---- Chat template ---- */

typedef struct cria_chat cria_chat;

#define CRIA_ROLE_SYSTEM 0u
#define CRIA_ROLE_USER 1u
#define CRIA_ROLE_ASSISTANT 2u

typedef struct cria_chat_message {
  uint32_t struct_size;
  uint32_t role; /* CRIA_ROLE_* */
  cria_string content;
} cria_chat_message;

#define CRIA_CHAT_ADD_GENERATION_PROMPT 1u /* end so that the model answers next */
#define CRIA_CHAT_CONTINUE_LAST 2u         /* the last message is an unfinished answer, to be continued */

/* Receives the rendered conversation as segments, in order. Text is always encoded as text. Each function
 * returns a status that the template passes on when it is not OK. */
typedef struct cria_chat_writer {
  uint32_t struct_size;
  uint32_t reserved;
  void *user;
  cria_status (*special)(void *user, cria_string piece); /* a control token by its piece, e.g. "<s>" */
  cria_status (*special_id)(void *user, int32_t id);     /* the same by id */
  /* One text encoded on its own. no_dummy_prefix 1: without the tokenizer's leading space. */
  cria_status (*text)(void *user, cria_string text, uint32_t no_dummy_prefix);
  cria_status (*stop_text)(void *user, cria_string text); /* generation also ends before this text */
  cria_status (*stop_token)(void *user, int32_t id);      /* generation also ends with this token */
} cria_chat_writer;

typedef struct cria_chat_api {
  uint32_t struct_size;
  uint32_t num_options;
  const cria_option_info *const *options;
  /* options: [num_options] in order of declaration. vocabulary outlives the template. */
  cria_status (*create)(const cria_option *const *options, uint32_t num_options,
                        const cria_vocabulary *vocabulary, cria_chat **out, cria_message *message);
  void (*destroy)(cria_chat *chat);
  /* messages: [num_messages]. flags: CRIA_CHAT_*. Errors: INVALID_ARGUMENT when the template cannot express
   * the order of roles (which message, and what was expected) or refuses a text. */
  cria_status (*render)(cria_chat *chat, const cria_chat_message *const *messages, uint32_t num_messages,
                        uint32_t flags, const cria_chat_writer *writer, cria_message *message);
  /* (optional; default: none) Tells whether a message's text contains what the model could take for the
   * template's own tags: *found 1 and a note in `message`; the host warns or refuses. */
  cria_status (*find_tags)(cria_chat *chat, cria_string text, uint32_t *found, cria_message *message);
} cria_chat_api;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif /* CRIA_PLUGIN_H */

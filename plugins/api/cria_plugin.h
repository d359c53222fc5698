/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * cria_plugin.h - the whole contract between Cria and its plugins.
 *
 * A plugin is a shared library that implements one backend, sampler or chat template. Plugins implement
 * this header; the Cria runtime calls it. It is plain C11 and depends only on <stdint.h> and <stddef.h>.
 *
 * Conventions that hold throughout
 *  1. One exported symbol, cria_plugin_query. Everything else is reached through the tables it returns.
 *  2. Every struct that may grow begins with `struct_size`. The side that allocates the struct sets it to
 *     sizeof of the struct in its header, also if the other side fills the struct. The other side reads
 *     and writes only fields that lie within struct_size; a function pointer beyond it counts as NULL.
 *     Fields are only appended. Arrays of such structs are arrays of pointers.
 *  3. All integers have fixed widths; there is no enum and no bool. Reserved fields are zero. A reserved
 *     field that is not zero and an unknown kind are errors, CRIA_STATUS_INVALID_ARGUMENT or
 *     CRIA_STATUS_UNSUPPORTED, and are never ignored.
 *  4. Every function pointer is required unless its comment says (optional; default ...).
 *  5. Pointers are borrowed for the call unless the comment says otherwise. Strings are UTF-8 with a
 *     length and are not zero-terminated. Strings and tables reached from cria_plugin live until the
 *     process ends.
 *  6. Functions return a cria_status. On any status but CRIA_STATUS_OK they write a reason to `message`,
 *     if it is not NULL, and leave their outputs unset. A message is one sentence in lower case without a
 *     period: what was expected and what was found.
 *  7. No exception, longjmp or abort crosses the boundary in either direction.
 *  8. Objects are not thread-safe: callers serialize calls on the same object. Different objects may be
 *     used concurrently. Exceptions are marked.
 *  9. Sizes and offsets are in bytes and have 64 bits unless stated otherwise.
 *
 * Versions: a new minor version only appends. A plugin runs on every host that supports its major version
 * and at least the lowest minor version that it requires. docs/abi-changelog.md lists which changes raise
 * which number.
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

/* True if *object's struct_size covers `field`, that is, if the side that allocated it was built with a
 * header that has the field. True for every field of version 1.0; check it before you read a field that
 * a later version appended. */
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
#define CRIA_STATUS_UNSUPPORTED 2u       /* well formed, but not supported by this plugin or device */
#define CRIA_STATUS_NOT_FOUND 3u         /* no object has the given name or index */
#define CRIA_STATUS_OUT_OF_MEMORY 4u     /* host or device memory */
#define CRIA_STATUS_DEVICE_LOST 5u       /* the device no longer responds; close the context */
#define CRIA_STATUS_INCOMPATIBLE_CODE 6u /* the code has another format, version or instruction set */
#define CRIA_STATUS_IO 7u                /* reading or writing a file failed */
#define CRIA_STATUS_CANCELLED 8u         /* the caller cancelled the work */
#define CRIA_STATUS_TIMEOUT 9u           /* the time limit of a wait has passed */
#define CRIA_STATUS_INTERNAL 10u         /* a defect, or an error that has no other code */

/* UTF-8 text or raw bytes. `data` may be NULL if size is 0. */
typedef struct cria_string {
  const char *data;
  uint64_t size;
} cria_string;

/* The caller's buffer for an error message. The callee writes at most `capacity` bytes to `data`,
 * truncating the message, and sets `size` to the number of bytes written. */
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

/* What the host offers to plugins. Lives until the process ends. */
typedef struct cria_host {
  uint32_t struct_size;
  uint32_t abi_major;     /* the major version that the host supports */
  uint32_t abi_minor_min; /* its lowest and highest supported minor version */
  uint32_t abi_minor_max;
  void *user; /* the first argument of log */
  /* Writes one line to the host's log. level: CRIA_LOG_*. Thread-safe. */
  void (*log)(void *user, uint32_t level, cria_string text);
} cria_host;

#define CRIA_PLUGIN_BACKEND 1u
#define CRIA_PLUGIN_SAMPLER 2u
#define CRIA_PLUGIN_CHAT 3u

/* Describes a plugin. The host sets struct_size; the plugin fills the other fields. */
typedef struct cria_plugin {
  uint32_t struct_size;
  uint32_t abi_major; /* the negotiated version: the highest that both support */
  uint32_t abi_minor;
  uint32_t kind;           /* CRIA_PLUGIN_* */
  cria_string name;        /* unique within its kind, [a-z0-9_]+, the same as in the plugin manifest */
  cria_string version;     /* the plugin's own version */
  cria_string description; /* one line */
  const void *api;         /* cria_backend_api, cria_sampler_api or cria_chat_api, by kind */
  /* (optional; default: no extensions) Returns the function table of the extension `name`, or NULL. For
   * experiments. */
  const void *(*get_extension)(cria_string name);
} cria_plugin;

/* The exported symbol: describes the plugin in *out. Errors: INCOMPATIBLE_CODE if no version is supported
 * by both sides; UNSUPPORTED if the plugin cannot run on this machine (the message is shown to the user).
 * Thread-safe. A process with several registries calls it once for each of them, and the result is the
 * same every time. */
typedef cria_status (*cria_plugin_query_fn)(const cria_host *host, cria_plugin *out, cria_message *message);
CRIA_PLUGIN_EXPORT cria_status cria_plugin_query(const cria_host *host, cria_plugin *out,
                                                 cria_message *message);

/* ---- Options (samplers and chat templates) ---- */

#define CRIA_OPTION_INT 1u
#define CRIA_OPTION_FLOAT 2u
#define CRIA_OPTION_STRING 3u
#define CRIA_OPTION_FLAG 4u /* value in `integer`, 0 or 1 */

/* Declares an option. The order of declaration is that of positional arguments in an expression such as
 * "top_p(0.9)". */
typedef struct cria_option_info {
  uint32_t struct_size;
  uint32_t type; /* CRIA_OPTION_* */
  cria_string name;
  cria_string description;
  double default_number; /* INT, FLOAT, FLAG; NaN: the option is required */
  double minimum;        /* INT, FLOAT: inclusive; the host rejects other values */
  double maximum;
  cria_string default_text; /* STRING */
} cria_option_info;

/* The value of an option, which the host has checked against its cria_option_info. Options that are not
 * given have their defaults, so a plugin always receives all of its options, in the order of
 * declaration. */
typedef struct cria_option {
  uint32_t struct_size;
  uint32_t type;
  cria_string name;
  int64_t integer;  /* INT, FLAG */
  double number;    /* FLOAT */
  cria_string text; /* STRING */
} cria_option;

/* ---- Backend ---- */

typedef struct cria_context cria_context;     /* an opened device */
typedef struct cria_buffer cria_buffer;       /* memory of a context */
typedef struct cria_code cria_code;           /* loaded executable code */
typedef struct cria_recording cria_recording; /* a command buffer, replayed for each step */
typedef struct cria_queue cria_queue;         /* executes the work of a context in order */
typedef struct cria_event cria_event;         /* a point in a queue */

typedef struct cria_device_info {
  uint32_t struct_size;
  uint32_t reserved;
  cria_string name;           /* for users, e.g. the processor's model name */
  cria_string description;    /* the relevant features, e.g. "x86-64-v4 2 cores" */
  uint64_t memory_bytes;      /* total memory; 0: unknown */
  uint64_t memory_free_bytes; /* 0: unknown */
} cria_device_info;

/* The code of a target in a package. `format`: "cria.ops.v1", "elf.x86_64", "elf.aarch64", "nv.ptx",
 * "nv.cubin.sm_80", ... `features`: what the code requires of the device: "x86-64-v3", "x86-64-v4-vnni",
 * "sm_80", or empty. */
typedef struct cria_executable_info {
  uint32_t struct_size;
  uint32_t kernel_abi; /* CRIA_KERNEL_ABI_VERSION for kernels, the opset version for "cria.ops.*" */
  cria_string format;
  cria_string features;
} cria_executable_info;

typedef struct cria_open_options {
  uint32_t struct_size;
  uint32_t device;      /* index, less than the device count */
  uint32_t num_threads; /* 0: the backend's default (physical cores) */
  uint32_t flags;       /* CRIA_OPEN_* */
} cria_open_options;
#define CRIA_OPEN_POISON_SCRATCH 1u /* fill scratch memory with NaN before each workgroup (for tests) */

/* What a buffer is for: a hint for its placement, which does not restrict its use. A usage that is
 * unknown to the backend counts as GENERAL. */
#define CRIA_BUFFER_GENERAL 0u
#define CRIA_BUFFER_WEIGHTS 1u  /* written once, read by every step */
#define CRIA_BUFFER_KV_CACHE 2u /* pages of keys and values */
#define CRIA_BUFFER_ARENA 3u    /* intermediate values of a step */
#define CRIA_BUFFER_STEP 4u     /* inputs and results that the host transfers in every step */

typedef struct cria_buffer_info {
  uint32_t struct_size;
  uint32_t usage; /* CRIA_BUFFER_* */
  uint64_t size;  /* > 0 */
} cria_buffer_info;

/* Code to load. `data`: the bytes of the file. `path`: the absolute path of a file with the same bytes,
 * or empty. */
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

/* One operand of an entry: a typed, strided window of a buffer. Element (i0, .., in) is at byte offset +
 * sizeof(type) * sum(i_d * strides[d]) of the buffer. The window [offset, offset + size) lies inside the
 * buffer, which the host checks. offset is a multiple of 64 for kernels and of the element size for
 * ops. */
typedef struct cria_operand {
  uint32_t struct_size;
  uint32_t access; /* CRIA_ACCESS_* */
  cria_buffer *buffer;
  uint64_t offset;
  uint64_t size;
  uint32_t type;      /* CRIA_TYPE_* */
  uint32_t rank;      /* 0 to 8 */
  uint32_t required;  /* ops: 1 if a backend that does not know the name must reject the op */
  uint32_t is_result; /* ops: 0 for an input, 1 for a result */
  /* ops: the operand's name in the opset, e.g. "weight"; kernels: for messages and profiles */
  cria_string name;
  const uint64_t *shape;   /* [rank] dimensions; all are numbers, also those that depend on the step */
  const uint64_t *strides; /* [rank] strides in elements */
} cria_operand;

#define CRIA_ATTRIBUTE_INT 1u
#define CRIA_ATTRIBUTE_FLOAT 2u
#define CRIA_ATTRIBUTE_STRING 3u

/* A named constant of an op. A backend rejects an op that has an attribute it does not know. */
typedef struct cria_attribute {
  uint32_t struct_size;
  uint32_t type; /* CRIA_ATTRIBUTE_* */
  cria_string name;
  int64_t integer;  /* INT */
  double number;    /* FLOAT */
  cria_string text; /* STRING */
} cria_attribute;

#define CRIA_ENTRY_KERNEL 1u
#define CRIA_ENTRY_OP 2u
#define CRIA_ENTRY_COPY 3u       /* operands: source (read), destination (write) of equal size */
#define CRIA_ENTRY_FILL 4u       /* operand: destination; `fill_value` repeated */
#define CRIA_ENTRY_COLLECTIVE 5u /* reserved: UNSUPPORTED */

/* One command of a command buffer: a dispatch, copy or fill whose sizes are all resolved. The workgroups
 * of an entry are independent and run in any order. An entry sees all writes of earlier entries. The host
 * omits dispatches whose grid has a dimension of 0. */
typedef struct cria_entry {
  uint32_t struct_size;
  uint32_t kind;          /* CRIA_ENTRY_* */
  cria_string name;       /* kernel: symbol in the code; op: name in the opset, e.g. "rms_norm" */
  uint32_t grid[3];       /* kernel: workgroups in x, y, z */
  uint32_t block[3];      /* kernel on a GPU: threads of a workgroup; CPU: zero */
  uint64_t scratch_bytes; /* kernel on a CPU: per thread, 64-byte aligned; GPU: dynamic shared memory */
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
  const cria_entry *const *entries; /* borrowed for the call */
} cria_record_info;

/* The time of each entry in the last replay, in the order of the recording. */
typedef struct cria_profile {
  uint32_t struct_size;
  uint32_t num_entries;  /* in: capacity of the array; out: entries written */
  uint64_t *nanoseconds; /* caller-owned */
} cria_profile;

typedef struct cria_backend_api {
  uint32_t struct_size;
  uint32_t flags; /* CRIA_BACKEND_* */

  /* The number of devices. 0 is not an error. */
  cria_status (*device_count)(uint32_t *count, cria_message *message);
  /* Describes a device, device < count. The strings in *out live until the process ends. */
  cria_status (*device_info)(uint32_t device, cria_device_info *out, cria_message *message);
  /* Rates how well code of this kind runs on the device. *score 0: it cannot run, and `message` says why;
   * otherwise a higher score is better, 100 stands for code without optional features, and `message` may say
   * what lowers the score here. Executes none of the code. */
  cria_status (*probe)(uint32_t device, const cria_executable_info *info, uint32_t *score,
                       cria_message *message);

  /* Opens a device. The host owns *out and passes it to close. Errors: NOT_FOUND (no such device),
   * UNSUPPORTED or INVALID_ARGUMENT (options), OUT_OF_MEMORY. Here and in every function that creates an
   * object, *out is not NULL if the status is OK. */
  cria_status (*open)(const cria_open_options *options, cria_context **out, cria_message *message);
  /* REQUIRES: everything that was created with the context has been freed. */
  void (*close)(cria_context *context);

  /* Allocates memory, 64-byte aligned, with undefined contents. Errors: INVALID_ARGUMENT (size 0),
   * OUT_OF_MEMORY (the message states required and free bytes). */
  cria_status (*buffer_allocate)(cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                                 cria_message *message);
  /* (optional; default: the host copies the data) Makes a buffer of read-only host memory without copying
   * it. data: 64-byte aligned, outlives the buffer. */
  cria_status (*buffer_import)(cria_context *context, const void *data, uint64_t size, cria_buffer **out,
                               cria_message *message);
  void (*buffer_free)(cria_context *context, cria_buffer *buffer);
  /* (optional; default: buffers are not host-visible) Returns the address of the buffer in host memory,
   * or NULL. Valid until the buffer is freed. */
  void *(*buffer_host_pointer)(cria_context *context, cria_buffer *buffer);

  /* Loads code. The host owns *out and passes it to unload after all recordings that use it are freed.
   * Errors: INCOMPATIBLE_CODE. */
  cria_status (*load)(cria_context *context, const cria_executable *executable, cria_code **out,
                      cria_message *message);
  void (*unload)(cria_context *context, cria_code *code);

  /* Makes a command buffer: checks that the backend can run every entry, and prepares it, so that replays
   * allocate nothing. code: NULL if no entry is a kernel. Buffers and code outlive the recording. Errors:
   * UNSUPPORTED (the message names op, type or attribute), NOT_FOUND (the message names the kernel). */
  cria_status (*record)(cria_context *context, cria_code *code, const cria_record_info *info,
                        cria_recording **out, cria_message *message);
  void (*recording_free)(cria_context *context, cria_recording *recording);

  /* A queue may be asynchronous. The host waits (finish or event_wait) before it frees a queue, event,
   * recording, code or buffer that queued work uses, and before it reads profile times. Once its work is
   * complete, an event may be freed without a wait. */
  cria_status (*queue_create)(cria_context *context, cria_queue **out, cria_message *message);
  void (*queue_free)(cria_queue *queue);
  /* A queue executes its work in the order of the calls. An error of asynchronous work may be reported by
   * a later call or wait. `source` of upload may be reused when the call returns; `destination` of
   * download is valid after a wait. Errors: INVALID_ARGUMENT if a range does not lie inside its
   * buffer. */
  cria_status (*upload)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source,
                        uint64_t size, cria_message *message);
  cria_status (*download)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, void *destination,
                          uint64_t size, cria_message *message);
  cria_status (*copy)(cria_queue *queue, cria_buffer *destination, uint64_t destination_offset,
                      cria_buffer *source, uint64_t source_offset, uint64_t size, cria_message *message);
  /* offset and size are multiples of 4. */
  cria_status (*fill)(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                      cria_message *message);
  /* Executes the entries of a recording in order. cancel (may be NULL): an int32 that another thread may
   * set atomically to a value other than 0. The backend reads it between entries and then returns
   * CANCELLED from this call or from the wait; buffers then hold unspecified values. *cancel lives until
   * the replayed work is complete. */
  cria_status (*replay)(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                        cria_message *message);
  /* Creates an event that completes when all work queued so far is complete. */
  cria_status (*signal)(cria_queue *queue, cria_event **out, cria_message *message);
  /* Waits for an event. timeout_ns UINT64_MAX: without a limit. Errors: TIMEOUT, and any error of the
   * awaited work. Thread-safe. */
  cria_status (*event_wait)(cria_event *event, uint64_t timeout_ns, cria_message *message);
  void (*event_free)(cria_event *event);
  /* Waits for all queued work. */
  cria_status (*finish)(cria_queue *queue, cria_message *message);

  /* (optional; default: no profile) Enables (1) or disables (0) profiling of a queue. */
  cria_status (*profile_enable)(cria_queue *queue, uint32_t on, cria_message *message);
  /* (optional; default: no profile) Reads the times of the last replay. */
  cria_status (*profile_read)(cria_queue *queue, cria_profile *out, cria_message *message);
} cria_backend_api;
/* Bits of `flags`; the others are zero. EXPLICIT_ONLY: selected only by name, never automatically (null,
 * reference). */
#define CRIA_BACKEND_EXPLICIT_ONLY 1u

/* ---- Vocabulary (samplers and chat templates) ---- */

#define CRIA_TOKEN_NORMAL 0u
#define CRIA_TOKEN_UNKNOWN 1u /* stands for text that no other token can encode */
#define CRIA_TOKEN_CONTROL 2u /* has no text, e.g. "<s>"; encoding a text never gives one */
#define CRIA_TOKEN_BYTE 3u    /* one byte, e.g. "<0x0A>" */
#define CRIA_TOKEN_UNUSED 4u  /* reserved by the tokenizer, or beyond its ids */

/* The token ids of a model. Read-only host memory that outlives every sampler and chat template created
 * with it. */
typedef struct cria_vocabulary {
  uint32_t struct_size;
  uint32_t size;             /* number of ids */
  const cria_string *pieces; /* [size] the bytes that a token stands for in a text, with a space for
                                "▁": one for a byte token, none for a control token */
  const cria_string *names;  /* [size] the tokenizer's names: "▁the", "<0x0A>", "<s>"; may be empty */
  const uint8_t *kinds;      /* [size] CRIA_TOKEN_* */
  const int32_t *eos_ids;    /* [num_eos] the end-of-text tokens of the model's configuration */
  uint32_t num_eos;
  int32_t bos_id; /* begins every text; -1: the model has none */
  int32_t eos_id; /* the tokenizer's end-of-text token; -1: none */
  uint32_t reserved;
} cria_vocabulary;

/* ---- Sampler ---- */

typedef struct cria_sampler cria_sampler;

/* The candidates for the next token. ids and logits are host memory owned by the host. A sampler may
 * permute both together, change logits, and reduce `size` to 1 or more. Before each sampler runs, every
 * logit is finite or -infinity and at least one is finite. A sampler that does not select a token must
 * preserve this; otherwise the request ends with an error. */
typedef struct cria_candidates {
  uint32_t struct_size;
  uint32_t sorted; /* 1: in descending order of logits, ties by ascending id */
  int32_t *ids;    /* [size] */
  float *logits;   /* [size] */
  uint64_t size;
  /* The index into ids of the selected token; -1: none is selected. The first sampler that sets it ends
   * the chain. */
  int64_t selected;
} cria_candidates;

/* The position of the token, and random numbers. uniform() returns a double in [0, 1) that is a pure
 * function of (seed, sequence, position, index), so results do not depend on concurrent requests. The seed
 * is that of the request. A sampler passes a different index for each number that it needs for a token. */
typedef struct cria_sample_context {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t sequence; /* distinguishes requests that share a seed */
  uint64_t position; /* position of the token being chosen */
  void *user;        /* the first argument of uniform */
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
  /* (optional; default: stateless) Appends a token to the text that the sampler sees. origin:
   * CRIA_ORIGIN_*. */
  cria_status (*accept)(cria_sampler *sampler, int32_t token, uint32_t origin, cria_message *message);
  /* (optional; default: stateless) Restores the state after create. */
  void (*reset)(cria_sampler *sampler);
  /* Creates a sampler with the same options and state. */
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

#define CRIA_CHAT_ADD_GENERATION_PROMPT 1u /* the model answers next: begin its answer */
#define CRIA_CHAT_CONTINUE_LAST 2u         /* the last message is an unfinished answer, to be continued */

/* Receives the rendered conversation as segments, in order. A text never becomes a control token. A
 * template returns the first status of these functions that is not OK. */
typedef struct cria_chat_writer {
  uint32_t struct_size;
  uint32_t reserved;
  void *user;
  cria_status (*special)(void *user, cria_string piece); /* a token by its name, e.g. "<s>" */
  cria_status (*special_id)(void *user, int32_t id);     /* a control token by its id */
  /* A text, which is encoded separately. no_dummy_prefix 1: without the space that the tokenizer puts
   * before a text. */
  cria_status (*text)(void *user, cria_string text, uint32_t no_dummy_prefix);
  cria_status (*stop_text)(void *user, cria_string text); /* generation also ends before `text` */
  cria_status (*stop_token)(void *user, int32_t id);      /* generation also ends at this token */
} cria_chat_writer;

typedef struct cria_chat_api {
  uint32_t struct_size;
  uint32_t num_options;
  const cria_option_info *const *options;
  /* options: [num_options] in order of declaration. vocabulary outlives the template. */
  cria_status (*create)(const cria_option *const *options, uint32_t num_options,
                        const cria_vocabulary *vocabulary, cria_chat **out, cria_message *message);
  void (*destroy)(cria_chat *chat);
  /* Renders a conversation. messages: [num_messages]. flags: CRIA_CHAT_*. Errors: INVALID_ARGUMENT if the
   * template cannot express the order of roles (the message names the chat message and what was expected)
   * or a text. */
  cria_status (*render)(cria_chat *chat, const cria_chat_message *const *messages, uint32_t num_messages,
                        uint32_t flags, const cria_chat_writer *writer, cria_message *message);
  /* (optional; default: finds nothing) Sets *found to 1, and writes a note to `message`, if the text
   * contains characters that the model cannot distinguish from a tag of the template. The host then warns
   * or rejects the message. */
  cria_status (*find_tags)(cria_chat *chat, cria_string text, uint32_t *found, cria_message *message);
} cria_chat_api;

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif /* CRIA_PLUGIN_H */

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * null_sampler.c - a complete sampler that leaves the candidates unchanged, to copy from.
 *
 * It has an option, a state (the number of generated tokens) and every function of the interface, and it
 * checks its arguments as cria_plugin.h requires.
 *
 * To write a sampler, copy this folder, change the name in CMakeLists.txt, declare your options, change the
 * candidates in null_apply(), and set `selected` there if your sampler chooses the token. A sampler without a
 * state omits null_accept() and null_reset().
 */
#include <cria_plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* The state of one sequence. Every sequence has its own sampler, made by null_clone(), so nothing here is
 * shared and no lock is needed. */
struct cria_sampler {
  int64_t log_every; /* option: number of generated tokens between two log lines; 0: no log */
  uint64_t generated;
};

/* Written by cria_plugin_query() before any sampler exists. */
static const cria_host *the_host;

static cria_status report(cria_message *message, cria_status status, const char *text) {
  if (message != NULL && message->data != NULL) {
    const size_t size = strlen(text);
    message->size = size < message->capacity ? size : message->capacity;
    memcpy(message->data, text, message->size);
  }
  return status;
}

/* ---- Options: the host checks values against these declarations ---- */

static const cria_option_info log_every_option = {
    .struct_size = sizeof(cria_option_info),
    .type = CRIA_OPTION_INT,
    .name = TEXT("log_every"),
    .description = TEXT("Number of generated tokens between two log lines (CRIA_LOG=info); 0: no log"),
    .default_number = 0,
    .minimum = 0,
    .maximum = 1000000,
};
static const cria_option_info *const all_options[] = {&log_every_option};

/* ---- The functions of the interface ---- */

static cria_status null_create(const cria_option *const *options, uint32_t num_options,
                               const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message) {
  /* A sampler that reads pieces or EOS ids may keep this pointer: the vocabulary outlives the sampler. */
  (void)vocabulary;
  if (num_options != 1) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected one option, log_every");
  }
  cria_sampler *sampler = calloc(1, sizeof(*sampler));
  if (sampler == NULL) {
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory for a sampler");
  }
  sampler->log_every = options[0]->integer;
  *out = sampler;
  return CRIA_STATUS_OK;
}

static void null_destroy(cria_sampler *sampler) { free(sampler); }

static cria_status null_apply(cria_sampler *sampler, cria_candidates *candidates,
                              const cria_sample_context *context, cria_message *message) {
  (void)sampler;
  if (candidates->size == 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected at least one candidate, got none");
  }
  if (context->reserved != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "context: reserved field is not zero");
  }
  /* A sampler may permute ids and logits together, change logits, or lower size; it then updates `sorted`. It
   * takes random numbers from context->uniform only, so that a seed reproduces the text. */
  return CRIA_STATUS_OK;
}

static void log_progress(uint64_t generated) {
  char line[64];
  const int size = snprintf(line, sizeof(line), "null sampler: %llu tokens", (unsigned long long)generated);
  the_host->log(the_host->user, CRIA_LOG_INFO, (cria_string){line, (uint64_t)size});
}

static cria_status null_accept(cria_sampler *sampler, int32_t token, uint32_t origin, cria_message *message) {
  (void)token;
  if (origin > CRIA_ORIGIN_GENERATED) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                  "expected origin CRIA_ORIGIN_PROMPT or CRIA_ORIGIN_GENERATED");
  }
  if (origin == CRIA_ORIGIN_GENERATED) {
    ++sampler->generated;
    if (sampler->log_every > 0 && sampler->generated % (uint64_t)sampler->log_every == 0) {
      log_progress(sampler->generated);
    }
  }
  return CRIA_STATUS_OK;
}

static void null_reset(cria_sampler *sampler) { sampler->generated = 0; }

static cria_status null_clone(const cria_sampler *sampler, cria_sampler **out, cria_message *message) {
  cria_sampler *copy = malloc(sizeof(*copy));
  if (copy == NULL) {
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory for a sampler");
  }
  *copy = *sampler;
  *out = copy;
  return CRIA_STATUS_OK;
}

static const cria_sampler_api sampler_api = {
    .struct_size = sizeof(cria_sampler_api),
    .num_options = 1,
    .options = all_options,
    .create = null_create,
    .destroy = null_destroy,
    .apply = null_apply,
    .accept = null_accept,
    .reset = null_reset,
    .clone = null_clone,
};

cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  /* Nothing newer than 1.0 is used, so every host of this major version is accepted. */
  static const uint32_t highest = CRIA_ABI_MINOR;
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_min > highest) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "the host requires a newer plugin ABI than this plugin supports");
  }
  the_host = host;
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = host->abi_minor_max < highest ? host->abi_minor_max : highest;
  out->kind = CRIA_PLUGIN_SAMPLER;
  out->name = (cria_string)TEXT(CRIA_PLUGIN_NAME);
  out->version = (cria_string)TEXT(CRIA_PLUGIN_VERSION);
  out->description = (cria_string)TEXT("Leave the candidates unchanged: a template to copy");
  out->api = &sampler_api;
  out->get_extension = NULL;
  return CRIA_STATUS_OK;
}

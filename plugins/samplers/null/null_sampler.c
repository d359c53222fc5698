/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * null_sampler.c - a complete sampler that changes nothing: the template to copy.
 *
 * It has an option, a state (how many tokens the model generated), and every function of the interface, and
 * it checks its arguments as cria_plugin.h demands. The samplers after it in a chain see the candidates as
 * they came.
 *
 * To make a sampler of your own: copy this folder; change the name in CMakeLists.txt; declare your options;
 * change candidates in null_apply(), and set `selected` there if you choose the token yourself. A sampler
 * without a state leaves out null_accept() and null_reset().
 */
#include <cria_plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* What a chain keeps for one sequence. Chains of other sequences have samplers of their own, made by clone:
 * nothing here is shared, so nothing needs a lock. */
struct cria_sampler {
  int64_t log_every; /* option: log a line after so many generated tokens; 0: never */
  uint64_t generated;
};

/* Written once by cria_plugin_query(), before any sampler exists. */
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
    .description = TEXT("Log a line (CRIA_LOG=info) after so many generated tokens; 0: never"),
    .default_number = 0,
    .minimum = 0,
    .maximum = 1000000,
};
static const cria_option_info *const all_options[] = {&log_every_option};

/* ---- The functions of the interface ---- */

static cria_status null_create(const cria_option *const *options, uint32_t num_options,
                               const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message) {
  (void)
      vocabulary; /* a sampler that looks at pieces or EOS ids keeps this pointer: it outlives the sampler */
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
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected at least one candidate, found none");
  }
  if (context->reserved != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "context: the reserved field is not zero");
  }
  /* Here a sampler permutes ids and logits together, changes logits, or lowers size; it sets sorted to what
   * is then true. Randomness comes from context->uniform alone, so that a seed gives the same text again. */
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
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected a token of the prompt or a generated one");
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
  /* Nothing beyond 1.0 is used, so every host of this major version will do. */
  static const uint32_t highest = CRIA_ABI_MINOR;
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_min > highest) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "this plugin speaks an older plugin ABI than the host");
  }
  the_host = host;
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = host->abi_minor_max < highest ? host->abi_minor_max : highest;
  out->kind = CRIA_PLUGIN_SAMPLER;
  out->name = (cria_string)TEXT(CRIA_PLUGIN_NAME);
  out->version = (cria_string)TEXT(CRIA_PLUGIN_VERSION);
  out->description = (cria_string)TEXT("Changes nothing: a template to copy");
  out->api = &sampler_api;
  out->get_extension = NULL;
  return CRIA_STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A sampler "rogue" for the tests of sampler chains. By its option `deed` it breaks the contract in one way,
 * or keeps a state: the number of accepted tokens, whose candidate it selects.
 */
#include "plugins/api/cria_plugin.h"

#include <math.h>
#include <stdlib.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

struct cria_sampler {
  int64_t deed;
  int64_t accepted;
};

enum { kCountAccepted, kNothingLeft, kGrow, kSelectOutside, kReplaceArrays, kForgeId, kFail, kPass, kNan };

static cria_status create(const cria_option *const *options, uint32_t num_options,
                          const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message) {
  (void)vocabulary, (void)message;
  if (num_options != 2) {
    return CRIA_STATUS_INTERNAL;
  }
  *out = calloc(1, sizeof(cria_sampler));
  (*out)->deed = options[0]->integer;
  return CRIA_STATUS_OK;
}

static void destroy(cria_sampler *sampler) { free(sampler); }

static cria_status apply(cria_sampler *sampler, cria_candidates *candidates,
                         const cria_sample_context *context, cria_message *message) {
  static int32_t ids[1];
  (void)context, (void)message;
  switch (sampler->deed) {
  case kCountAccepted:
    candidates->selected = sampler->accepted % (int64_t)candidates->size;
    return CRIA_STATUS_OK;
  case kNothingLeft:
    candidates->size = 0;
    return CRIA_STATUS_OK;
  case kGrow:
    candidates->size += 1;
    return CRIA_STATUS_OK;
  case kSelectOutside:
    candidates->selected = (int64_t)candidates->size;
    return CRIA_STATUS_OK;
  case kReplaceArrays:
    candidates->ids = ids;
    return CRIA_STATUS_OK;
  case kForgeId:
    candidates->ids[0] = -5;
    candidates->selected = 0;
    return CRIA_STATUS_OK;
  case kFail:
    return CRIA_STATUS_TIMEOUT;
  case kNan:
    candidates->logits[candidates->size / 2] = NAN;
    return CRIA_STATUS_OK;
  default:
    return CRIA_STATUS_OK;
  }
}

static cria_status accept(cria_sampler *sampler, int32_t token, uint32_t origin, cria_message *message) {
  (void)token, (void)message;
  sampler->accepted += origin == CRIA_ORIGIN_GENERATED ? 1 : 0;
  return CRIA_STATUS_OK;
}

static void reset(cria_sampler *sampler) { sampler->accepted = 0; }

static cria_status clone(const cria_sampler *sampler, cria_sampler **out, cria_message *message) {
  (void)message;
  *out = malloc(sizeof(cria_sampler));
  **out = *sampler;
  return CRIA_STATUS_OK;
}

/* NaN as a default: the option must be given. */
static const cria_option_info deed = {
    sizeof(cria_option_info), CRIA_OPTION_INT, TEXT("deed"), TEXT("what to do"), NAN, 0, 8, {NULL, 0}};
static const cria_option_info note = {
    sizeof(cria_option_info), CRIA_OPTION_STRING, TEXT("note"), TEXT("ignored"), 0, 0, 0, TEXT("none")};
static const cria_option_info *const options[] = {&deed, &note};
static const cria_sampler_api api = {
    sizeof(cria_sampler_api), 2, options, create, destroy, apply, accept, reset, clone};

cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  (void)message;
  out->abi_major = host->abi_major;
  out->abi_minor = host->abi_minor_max;
  out->kind = CRIA_PLUGIN_SAMPLER;
  out->name = (cria_string)TEXT("rogue");
  out->version = (cria_string)TEXT("1.0");
  out->api = &api;
  return CRIA_STATUS_OK;
}

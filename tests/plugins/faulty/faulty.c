/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A chat plugin "faulty" that is right unless one FAULT_* macro makes it wrong in one way. For the tests of
 * the registry.
 */
#include "plugins/api/cria_plugin.h"

#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

static cria_status create(const cria_option *const *options, uint32_t num_options,
                          const cria_vocabulary *vocabulary, cria_chat **out, cria_message *message) {
  static int object;
  (void)options, (void)num_options, (void)vocabulary, (void)message;
  *out = (cria_chat *)&object;
  return CRIA_STATUS_OK;
}

static void destroy(cria_chat *chat) { (void)chat; }

static cria_status render(cria_chat *chat, const cria_chat_message *const *messages, uint32_t num_messages,
                          uint32_t flags, const cria_chat_writer *writer, cria_message *message) {
  (void)chat, (void)messages, (void)num_messages, (void)flags, (void)message;
  return writer->special_id(writer->user, 1);
}

static const cria_option_info option = {
    .struct_size = sizeof(cria_option_info),
#if defined(FAULT_BAD_OPTION)
    .type = 77,
#else
    .type = CRIA_OPTION_FLAG,
#endif
    .name = TEXT("loud"),
    .maximum = 1,
};
static const cria_option_info *const options[] = {&option};

static const cria_chat_api api = {
#if defined(FAULT_SHORT_TABLE) /* as if compiled when render did not exist */
    .struct_size = offsetof(cria_chat_api, render),
#elif defined(FAULT_OLD_TABLE) /* as if compiled when find_tags did not exist: fine, it is optional */
    .struct_size = offsetof(cria_chat_api, find_tags),
#else
    .struct_size = sizeof(cria_chat_api),
#endif
    .num_options = 1,
    .options = options,
    .create = create,
#if !defined(FAULT_MISSING_FUNCTION)
    .destroy = destroy,
#endif
    .render = render,
#if defined(FAULT_OLD_TABLE)
    .find_tags =
        (cria_status (*)(cria_chat *, cria_string, uint32_t *, cria_message *))8, /* must never be read */
#endif
};

#if defined(FAULT_MISSING_FUNCTION)
void (*faulty_unused)(cria_chat *) = destroy;
#endif

#if defined(FAULT_UNRESOLVED)
extern int cria_symbol_that_nobody_defines(void);
#endif

#if defined(FAULT_NO_SYMBOL)
#define cria_plugin_query some_other_name
CRIA_PLUGIN_EXPORT cria_status some_other_name(const cria_host *host, cria_plugin *out,
                                               cria_message *message);
#endif

cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
#if defined(FAULT_QUERY_FAILS)
  static const char reason[] = "expected a machine with three hands, found two";
  memcpy(message->data, reason, sizeof(reason) - 1);
  message->size = sizeof(reason) - 1;
  return CRIA_STATUS_UNSUPPORTED;
#elif defined(FAULT_QUERY_SILENT)
  return 4711;
#endif
  (void)message;
  out->abi_major = host->abi_major;
  out->abi_minor = host->abi_minor_max;
  out->kind = CRIA_PLUGIN_CHAT;
  out->name = (cria_string)TEXT("faulty");
  out->version = (cria_string)TEXT("1.0");
  out->api = &api;
#if defined(FAULT_FUTURE_ABI)
  out->abi_major = 7;
#elif defined(FAULT_WRONG_KIND)
  out->kind = CRIA_PLUGIN_SAMPLER;
#elif defined(FAULT_WRONG_NAME)
  out->name = (cria_string)TEXT("another");
#elif defined(FAULT_NO_TABLE)
  out->api = NULL;
#elif defined(FAULT_UNRESOLVED)
  out->kind = (uint32_t)cria_symbol_that_nobody_defines();
#endif
  return CRIA_STATUS_OK;
}

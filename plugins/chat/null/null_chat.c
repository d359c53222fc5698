/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * null_chat.c - a complete chat template without a format of its own, to copy from.
 *
 * It writes BOS and then the text of each message as one segment, unchanged, whatever its role; a separator
 * (an option) follows each finished message. It implements every function of the interface and checks its
 * arguments as cria_plugin.h requires.
 *
 * To write a template, copy this folder, change the name in CMakeLists.txt, write the segments of your format
 * in null_render(), refuse orders of messages that the format cannot express (naming the message), and let
 * null_find_tags() report the tags of the format that a user could type.
 */
#include <cria_plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

struct cria_chat {
  const cria_vocabulary *vocabulary; /* outlives the template */
  char *separator;                   /* owned copy: options are borrowed for the call */
  uint64_t separator_size;
};

static cria_status report(cria_message *message, cria_status status, const char *text) {
  if (message != NULL && message->data != NULL) {
    const size_t size = strlen(text);
    message->size = size < message->capacity ? size : message->capacity;
    memcpy(message->data, text, message->size);
  }
  return status;
}

/* ---- Options: the host checks values against these declarations ---- */

static const cria_option_info separator_option = {
    .struct_size = sizeof(cria_option_info),
    .type = CRIA_OPTION_STRING,
    .name = TEXT("separator"),
    .description = TEXT("Text after each finished message"),
    .default_text = TEXT("\n"),
};
static const cria_option_info *const all_options[] = {&separator_option};

/* ---- The functions of the interface ---- */

static void null_destroy(cria_chat *chat) {
  free(chat->separator);
  free(chat);
}

static cria_status null_create(const cria_option *const *options, uint32_t num_options,
                               const cria_vocabulary *vocabulary, cria_chat **out, cria_message *message) {
  if (num_options != 1) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected one option, separator");
  }
  cria_chat *chat = calloc(1, sizeof(*chat));
  char *separator = malloc(options[0]->text.size + 1);
  if (chat == NULL || separator == NULL) {
    free(chat);
    free(separator);
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory for a chat template");
  }
  chat->vocabulary = vocabulary;
  chat->separator = separator;
  chat->separator_size = options[0]->text.size;
  if (chat->separator_size > 0) { /* the data of an empty text may be NULL */
    memcpy(separator, options[0]->text.data, chat->separator_size);
  }
  *out = chat;
  return CRIA_STATUS_OK;
}

/* Writes the text of a message and, unless the model is to continue it, the separator as one segment. */
static cria_status write_message(const cria_chat *chat, cria_string content, int is_finished,
                                 const cria_chat_writer *writer, cria_message *message) {
  const uint64_t separator = is_finished ? chat->separator_size : 0;
  char *text = malloc(content.size + separator + 1);
  if (text == NULL) {
    return report(message, CRIA_STATUS_OUT_OF_MEMORY, "out of host memory for a message");
  }
  if (content.size > 0) {
    memcpy(text, content.data, content.size);
  }
  if (separator > 0) {
    memcpy(text + content.size, chat->separator, separator);
  }
  const cria_status status = writer->text(writer->user, (cria_string){text, content.size + separator}, 0);
  free(text);
  return status;
}

static cria_status check_call(const cria_chat_message *const *messages, uint32_t num_messages, uint32_t flags,
                              const cria_chat_writer *writer, cria_message *message) {
  const uint32_t known = CRIA_CHAT_ADD_GENERATION_PROMPT | CRIA_CHAT_CONTINUE_LAST;
  if ((flags & ~known) != 0 || flags == known || writer->reserved != 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                  "expected at most one known flag, and zero in reserved fields");
  }
  if (num_messages == 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected at least one message, got none");
  }
  for (uint32_t i = 0; i < num_messages; ++i) {
    if (messages[i]->role > CRIA_ROLE_ASSISTANT) {
      char text[96];
      snprintf(text, sizeof(text), "message %u of %u: role %u is unknown, expected 0 to %u", i + 1,
               num_messages, messages[i]->role, CRIA_ROLE_ASSISTANT);
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, text);
    }
  }
  return CRIA_STATUS_OK;
}

static cria_status null_render(cria_chat *chat, const cria_chat_message *const *messages,
                               uint32_t num_messages, uint32_t flags, const cria_chat_writer *writer,
                               cria_message *message) {
  cria_status status = check_call(messages, num_messages, flags, writer, message);
  if (status == CRIA_STATUS_OK && chat->vocabulary->bos_id >= 0) {
    status = writer->special_id(writer->user, chat->vocabulary->bos_id);
  }
  for (uint32_t i = 0; i < num_messages && status == CRIA_STATUS_OK; ++i) {
    const int is_finished = i + 1 < num_messages || (flags & CRIA_CHAT_CONTINUE_LAST) == 0;
    status = write_message(chat, messages[i]->content, is_finished, writer, message);
  }
  return status;
}

static cria_status null_find_tags(cria_chat *chat, cria_string text, uint32_t *found, cria_message *message) {
  (void)chat, (void)text, (void)message;
  *found = 0; /* this format has no tags */
  return CRIA_STATUS_OK;
}

static const cria_chat_api chat_api = {
    .struct_size = sizeof(cria_chat_api),
    .num_options = 1,
    .options = all_options,
    .create = null_create,
    .destroy = null_destroy,
    .render = null_render,
    .find_tags = null_find_tags,
};

cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  /* Nothing newer than 1.0 is used, so every host of this major version is accepted. */
  static const uint32_t highest = CRIA_ABI_MINOR;
  if (host->abi_major != CRIA_ABI_MAJOR || host->abi_minor_min > highest) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE,
                  "the host requires a newer plugin ABI than this plugin supports");
  }
  out->abi_major = CRIA_ABI_MAJOR;
  out->abi_minor = host->abi_minor_max < highest ? host->abi_minor_max : highest;
  out->kind = CRIA_PLUGIN_CHAT;
  out->name = (cria_string)TEXT(CRIA_PLUGIN_NAME);
  out->version = (cria_string)TEXT(CRIA_PLUGIN_VERSION);
  out->description = (cria_string)TEXT("Every message unchanged: a template to copy");
  out->api = &chat_api;
  out->get_extension = NULL;
  return CRIA_STATUS_OK;
}

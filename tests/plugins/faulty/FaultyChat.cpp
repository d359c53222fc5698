// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A chat template "<s>user: .. assistant: ..</s>" with one fault (Fault.h). It uses the C interface, because
// the C++ conveniences prevent some of the faults.
#include "tests/plugins/faulty/Fault.h"

#include <algorithm>

using cria::plugin::report;
using cria::plugin::string;
using cria::plugin::view;

struct cria_chat {};

namespace {

cria_status create(const cria_option *const *, uint32_t, const cria_vocabulary *, cria_chat **out,
                   cria_message *) {
  *out = new cria_chat;
  return CRIA_STATUS_OK;
}

void destroy(cria_chat *chat) { delete chat; }

cria_status check(const cria_chat_message *const *messages, uint32_t count, uint32_t flags,
                  cria_message *message) {
  if ((flags & ~3u) != 0 && !isFault("unknown-flag-accepted")) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "a flag is unknown");
  }
  if (flags == 3u || count == 0) {
    return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected a message, and flags that fit together");
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (messages[i]->role > CRIA_ROLE_ASSISTANT && !isFault("unknown-role-accepted")) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                    isFault("refusal-without-reason") ? "" : "message: its role is unknown");
    }
  }
  return CRIA_STATUS_OK;
}

std::string contentOf(const cria_chat_message &message) {
  std::string content(view(message.content));
  if (isFault("inner-space-lost")) {
    content.erase(std::unique(content.begin(), content.end(),
                              [](char a, char b) { return a == b && (a == ' ' || a == '\n'); }),
                  content.end());
  }
  return content;
}

cria_status begin(const cria_chat_writer &writer) {
  if (isFault("bos-as-text")) {
    return writer.text(writer.user, string("<s>"), 0);
  }
  const cria_status status = writer.special(writer.user, string("<s>"));
  return isFault("doubled-bos") ? writer.special(writer.user, string("<s>")) : status;
}

cria_status write(const cria_chat_writer &writer, const cria_chat_message &message) {
  const std::string text =
      (message.role == CRIA_ROLE_ASSISTANT ? "assistant: " : "user: ") + contentOf(message);
  if (isFault("forged-tokens") && text.find("</s>") != std::string::npos) {
    return writer.special(writer.user, string("</s>"));
  }
  return writer.text(writer.user, string(text), 0);
}

cria_status render(cria_chat *, const cria_chat_message *const *messages, uint32_t count, uint32_t flags,
                   const cria_chat_writer *writer, cria_message *message) {
  cria_status status = check(messages, count, flags, message);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  status = begin(*writer);
  for (uint32_t i = 0; i < count && (status == CRIA_STATUS_OK || isFault("refusal-ignored")); ++i) {
    const cria_chat_message *next = isFault("messages-as-array") ? messages[0] + i : messages[i];
    status = next->role > 2 || next->content.size > 4096 ? CRIA_STATUS_INTERNAL : write(*writer, *next);
  }
  return isFault("refusal-ignored") ? CRIA_STATUS_OK : status;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_chat_api kApi = [] {
    cria_chat_api api{};
    api.struct_size = sizeof(api);
    api.create = create;
    api.destroy = destroy;
    api.render = render;
    return api;
  }();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_CHAT, "faulty", "1.0", "Faulty", &kApi);
}

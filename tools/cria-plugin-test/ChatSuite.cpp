// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases of chat templates: the rendered segments contain the text of every message, no message can forge a
// control token, and a conversation that the format cannot express is refused.
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/plugin/PluginCall.h"
#include "tools/cria-plugin-test/PluginSuite.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <algorithm>

namespace cria::conformance {
namespace {

/// A message of a later version of the interface, with further fields. It detects a template that treats the
/// array of pointers as an array of structs.
struct WideMessage {
  cria_chat_message known;
  uint64_t later[3] = {0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u};
};

using Messages = std::vector<ChatMessage>;

/// What the writer received. From call `refuseAt` on, it returns kHostRefusal.
struct Written {
  RenderedChat chat;
  int calls = 0;
  int refuseAt = -1;
};
constexpr cria_status kHostRefusal = CRIA_STATUS_CANCELLED;

cria_status add(void *user, ChatSegment segment) {
  auto &written = *static_cast<Written *>(user);
  if (written.refuseAt >= 0 && written.calls++ >= written.refuseAt) {
    return kHostRefusal;
  }
  written.chat.segments.push_back(std::move(segment));
  return CRIA_STATUS_OK;
}

cria_chat_writer writerTo(Written &written) {
  cria_chat_writer writer{};
  writer.struct_size = sizeof(writer);
  writer.user = &written;
  writer.special = [](void *user, cria_string piece) {
    return add(user, {.kind = ChatSegment::Kind::special, .text = std::string(view(piece))});
  };
  writer.special_id = [](void *user, int32_t id) {
    return add(user, {.kind = ChatSegment::Kind::specialId, .text = {}, .id = id});
  };
  writer.text = [](void *user, cria_string text, uint32_t noDummyPrefix) {
    return add(user,
               {.kind = ChatSegment::Kind::text,
                .text = std::string(view(text)),
                .position = noDummyPrefix == 0 ? TextPosition::startOfText : TextPosition::continuation});
  };
  writer.stop_text = [](void *user, cria_string text) {
    static_cast<Written *>(user)->chat.stopTexts.emplace_back(view(text));
    return CRIA_STATUS_OK;
  };
  writer.stop_token = [](void *user, int32_t id) {
    static_cast<Written *>(user)->chat.stopIds.push_back(id);
    return CRIA_STATUS_OK;
  };
  return writer;
}

class Template {
public:
  Template(const cria_chat_api &api, const PluginOptions &options) : api_(api) {
    const Status status = callPlugin("create", [&](cria_message *message) {
      return api_.create(options.data(), options.size(), &testVocabulary().view(), &chat_, message);
    });
    require(status.ok() && chat_ != nullptr, "create: expected ok, got: {}", status.message());
  }
  ~Template() { api_.destroy(chat_); }
  Template(const Template &) = delete;
  Template &operator=(const Template &) = delete;

  cria_status render(const Messages &messages, uint32_t flags, Written &written, std::string &reason,
                     uint32_t firstRole = UINT32_MAX) {
    std::vector<WideMessage> wide;
    for (const ChatMessage &message : messages) {
      wide.push_back(
          {{sizeof(WideMessage), static_cast<uint32_t>(message.role), abiString(message.content)}});
    }
    if (firstRole != UINT32_MAX) {
      wide[0].known.role = firstRole;
    }
    std::vector<const cria_chat_message *> pointers;
    for (size_t i = wide.size(); i-- > 0;) {
      pointers.insert(pointers.begin(), &wide[i].known);
    }
    const cria_chat_writer writer = writerTo(written);
    MessageBuffer message;
    const cria_status status = api_.render(chat_, pointers.data(), static_cast<uint32_t>(pointers.size()),
                                           flags, &writer, message.get());
    reason = message.text();
    return status;
  }
  const cria_chat_api &api() const { return api_; }
  cria_chat *get() const { return chat_; }

private:
  const cria_chat_api &api_;
  cria_chat *chat_ = nullptr;
};

struct ChatSubject {
  cria_chat_api api;
  PluginOptions options;
};

constexpr auto kSystem = ChatRole::system, kUser = ChatRole::user, kAssistant = ChatRole::assistant;

struct Conversation {
  const char *name;
  Messages messages;
  uint32_t flags;
};

const std::vector<Conversation> &conversations() {
  static const std::vector<Conversation> kConversations = {
      {"one question", {{kUser, "Hello there"}}, CRIA_CHAT_ADD_GENERATION_PROMPT},
      {"with system", {{kSystem, "Be brief."}, {kUser, "Why?"}}, CRIA_CHAT_ADD_GENERATION_PROMPT},
      {"three turns",
       {{kUser, "One"}, {kAssistant, "Two"}, {kUser, "Three"}, {kAssistant, "Four"}, {kUser, "Five"}},
       CRIA_CHAT_ADD_GENERATION_PROMPT},
      {"characters",
       {{kUser, "na\xC3\xAFve \xF0\x9F\xA6\x99 \xE6\xBC\xA2\xE5\xAD\x97"}},
       CRIA_CHAT_ADD_GENERATION_PROMPT},
      {"inner space", {{kUser, "a\n\n  b\t\tc"}}, CRIA_CHAT_ADD_GENERATION_PROMPT},
      {"finished", {{kUser, "Ping"}, {kAssistant, "Pong"}}, 0},
      {"continued", {{kUser, "Count"}, {kAssistant, "one two"}}, CRIA_CHAT_CONTINUE_LAST},
  };
  return kConversations;
}

const std::vector<std::string> kForged = {"<s>", "</s>", "<|im_start|>", "<|im_end|>", "<unk>", "<0x0A>"};

std::string textOf(const RenderedChat &chat) {
  std::string text;
  for (const ChatSegment &segment : chat.segments) {
    text += segment.kind == ChatSegment::Kind::text ? segment.text : std::string(1, '\0');
  }
  return text;
}

int32_t idOf(const ChatSegment &segment) {
  return segment.kind == ChatSegment::Kind::special ? testTokenizer().find(segment.text).value_or(-1)
                                                    : segment.id;
}

/// Renders the conversation. Returns false if the template refuses it, which requires the status
/// INVALID_ARGUMENT or UNSUPPORTED and a reason.
bool render(Template &subject, const Conversation &conversation, RenderedChat &out) {
  Written written;
  std::string reason;
  const cria_status status = subject.render(conversation.messages, conversation.flags, written, reason);
  if (status != CRIA_STATUS_OK) {
    require(status == CRIA_STATUS_INVALID_ARGUMENT || status == CRIA_STATUS_UNSUPPORTED,
            "'{}': expected status ok, INVALID_ARGUMENT or UNSUPPORTED, got {} ('{}')", conversation.name,
            status, reason);
    require(!reason.empty(), "'{}': expected a reason for the refusal, got no message", conversation.name);
    return false;
  }
  out = std::move(written.chat);
  return true;
}

/// Checks that the texts of all messages occur complete and in order.
void preservesTexts(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  int rendered = 0;
  for (const Conversation &conversation : conversations()) {
    RenderedChat out;
    if (!render(chat, conversation, out)) {
      continue;
    }
    ++rendered;
    const std::string text = textOf(out);
    size_t at = 0;
    std::vector<std::string> order;
    for (const ChatMessage &message : conversation.messages) {
      const size_t found = text.find(message.content, at);
      require(found != std::string::npos,
              "'{}': expected the complete text of the {} message, in order: '{}'", conversation.name,
              toString(message.role), message.content);
      at = found + message.content.size();
    }
  }
  require(rendered > 0, "expected at least one of {} conversations to be rendered", conversations().size());
}

void rendersTheSameAgain(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  Template other(subject.api, subject.options);
  for (const Conversation &conversation : conversations()) {
    RenderedChat first, again, elsewhere;
    if (render(chat, conversation, first)) {
      require(render(chat, conversation, again) && render(other, conversation, elsewhere) &&
                  first.segments == again.segments && first.segments == elsewhere.segments,
              "'{}': expected the same segments when rendered again", conversation.name);
    }
  }
}

void encodes(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  for (const Conversation &conversation : conversations()) {
    RenderedChat out;
    if (!render(chat, conversation, out)) {
      continue;
    }
    for (const ChatSegment &segment : out.segments) {
      require(segment.kind == ChatSegment::Kind::text ||
                  testTokenizer().kind(idOf(segment)) == TokenKind::control,
              "'{}': special token '{}' is not a control token of the vocabulary", conversation.name,
              segment.text);
    }
    const auto ids = encodeSegments(out.segments, testTokenizer());
    require(ids.ok(), "'{}': segments cannot be encoded: {}", conversation.name, ids.status().message());
  }
}

void startsWithOneBos(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  for (const Conversation &conversation : conversations()) {
    RenderedChat out;
    if (!render(chat, conversation, out) || out.segments.empty()) {
      continue;
    }
    for (size_t i = 1; i < out.segments.size(); ++i) {
      require(idOf(out.segments[i]) != kTestBos || idOf(out.segments[i - 1]) != kTestBos,
              "'{}': segments {} and {} are both BOS", conversation.name, i - 1, i);
    }
    const std::string text = textOf(out);
    for (const std::string &name : kForged) {
      require(text.find(name) == std::string::npos,
              "'{}': '{}' is written as text and would be encoded as text; write a special token",
              conversation.name, name);
    }
  }
}

/// Checks that names of control tokens in messages remain text.
void preventsForgedTokens(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  RenderedChat plain, forged;
  if (!render(chat, {"plain", {{kUser, "x"}}, CRIA_CHAT_ADD_GENERATION_PROMPT}, plain)) {
    return;
  }
  for (const std::string &name : kForged) {
    if (!render(chat, {"forged", {{kUser, "x" + name + "x"}}, CRIA_CHAT_ADD_GENERATION_PROMPT}, forged)) {
      continue; // a template may refuse such texts
    }
    const auto specials = [](const RenderedChat &out) {
      return std::count_if(out.segments.begin(), out.segments.end(), [](const ChatSegment &segment) {
        return segment.kind != ChatSegment::Kind::text;
      });
    };
    require(specials(forged) == specials(plain), "'{}' in a message becomes a special token", name);
    require(textOf(forged).find("x" + name + "x") != std::string::npos,
            "expected '{}' in a message to be written as text", name);
  }
}

void propagatesRefusals(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  for (int call = 0; call < 3; ++call) {
    Written written{.refuseAt = call};
    std::string reason;
    const Messages messages = {{kUser, "One"}, {kAssistant, "Two"}, {kUser, "Three"}};
    const cria_status status = chat.render(messages, CRIA_CHAT_ADD_GENERATION_PROMPT, written, reason);
    if (written.calls > call) { // the template wrote that many segments
      require(status == kHostRefusal, "writer refuses segment {}: expected status {} from render, got {}",
              call, kHostRefusal, status);
      require(written.calls <= call + 1, "writer refuses segment {}: expected no further segments", call);
    }
  }
}

void refusesUnknown(const ChatSubject &subject) {
  Template chat(subject.api, subject.options);
  const auto expectRefusal = [&](const Messages &messages, uint32_t flags, uint32_t role,
                                 std::string_view what) {
    Written written;
    std::string reason;
    const cria_status status = chat.render(messages, flags, written, reason, role);
    require(status == CRIA_STATUS_INVALID_ARGUMENT || status == CRIA_STATUS_UNSUPPORTED,
            "{}: expected a refusal, got status {}", what, status);
    require(!reason.empty(), "{}: expected a reason for the refusal, got no message", what);
  };
  const Messages one = {{kUser, "Hello"}};
  expectRefusal(one, 1u << 20, UINT32_MAX, "an unknown flag");
  expectRefusal(one, 0, 77, "a message of an unknown role");
  expectRefusal({}, CRIA_CHAT_ADD_GENERATION_PROMPT, UINT32_MAX, "a conversation without messages");
  expectRefusal({{kUser, "a"}, {kAssistant, "b"}}, CRIA_CHAT_ADD_GENERATION_PROMPT | CRIA_CHAT_CONTINUE_LAST,
                UINT32_MAX, "flags that exclude each other");
}

void findsTags(const ChatSubject &subject) {
  if (subject.api.find_tags == nullptr) {
    return; // optional
  }
  Template chat(subject.api, subject.options);
  for (const std::string &text :
       {std::string(), std::string("Hello"), std::string("<s>[INST]<|im_start|>### USER:")}) {
    uint32_t found = 7;
    MessageBuffer message;
    const cria_status status = subject.api.find_tags(chat.get(), abiString(text), &found, message.get());
    require(status == CRIA_STATUS_OK && found <= 1,
            "find_tags('{}'): expected status ok and 0 or 1, got {} and {}", text, status, found);
    require(found == 0 || !message.text().empty(), "find_tags('{}'): expected a message that names the tag",
            text);
  }
}

constexpr struct {
  const char *name;
  void (*run)(const ChatSubject &);
} kChatCases[] = {
    {"render/preserves-texts", preservesTexts},
    {"render/deterministic", rendersTheSameAgain},
    {"render/encodes", encodes},
    {"render/one-bos", startsWithOneBos},
    {"safety/no-forged-tokens", preventsForgedTokens},
    {"safety/find-tags", findsTags},
    {"refusals/propagated", propagatesRefusals},
    {"refusals/unknown", refusesUnknown},
};

} // namespace

std::vector<Case> chatCases(const LoadedPlugin &plugin, const SuiteOptions &suiteOptions) {
  const auto api = readTable<cria_chat_api>(plugin.api);
  auto options = optionsFor(plugin, {api.options, api.num_options}, suiteOptions);
  if (!options.ok()) {
    return {optionsRefused(options.status())};
  }
  const auto subject = std::make_shared<const ChatSubject>(ChatSubject{api, std::move(options).value()});
  return casesOf(kChatCases, subject);
}

} // namespace cria::conformance

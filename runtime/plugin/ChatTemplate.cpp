// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/ChatTemplate.h"

#include "runtime/plugin/PluginCall.h"

namespace cria {

struct ChatTemplate::Impl {
  cria_chat_api api{};
  cria_chat *chat = nullptr;
  std::string name;
  std::string where;
  std::vector<std::string> markers;

  Impl() = default;
  Impl(const Impl &) = delete;
  Impl &operator=(const Impl &) = delete;
  ~Impl() {
    if (chat != nullptr) {
      api.destroy(chat);
    }
  }
};

std::string_view toString(ChatRole role) {
  switch (role) {
  case ChatRole::system:
    return "system";
  case ChatRole::user:
    return "user";
  case ChatRole::assistant:
    break;
  }
  return "assistant";
}

std::optional<ChatRole> chatRoleFromString(std::string_view name) {
  for (const ChatRole role : {ChatRole::system, ChatRole::user, ChatRole::assistant}) {
    if (toString(role) == name) {
      return role;
    }
  }
  return std::nullopt;
}

ChatTemplate::ChatTemplate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

const std::string &ChatTemplate::name() const { return impl_->name; }

void ChatTemplate::setMarkers(std::vector<std::string> names) { impl_->markers = std::move(names); }

StatusOr<ChatTemplate> ChatTemplate::create(PluginRegistry &registry, std::string_view expression,
                                            const cria_vocabulary &vocabulary) {
  CRIA_ASSIGN_OR_RETURN(const std::vector<PluginSpec> calls, parsePluginExpression(expression));
  if (calls.size() != 1) {
    return expressionError(expression, calls[1].position, "expected one chat template, got another one");
  }
  const auto [name, arguments, begin] = calls[0];
  if (const auto plugin = registry.load(PluginKind::chat, name); !plugin.ok()) {
    return locatedIn(expression, begin, plugin.status());
  }
  size_t position = begin;
  StatusOr<ChatTemplate> result = create(registry, name, arguments, vocabulary, &position);
  return result.ok() || position == std::string_view::npos ? std::move(result)
                                                           : locatedIn(expression, position, result.status());
}

StatusOr<ChatTemplate> ChatTemplate::create(PluginRegistry &registry, std::string_view name,
                                            const std::vector<PluginArgument> &given,
                                            const cria_vocabulary &vocabulary, size_t *position) {
  CRIA_ASSIGN_OR_RETURN(const LoadedPlugin *plugin, registry.load(PluginKind::chat, name));
  auto impl = std::make_unique<Impl>();
  impl->api = readTable<cria_chat_api>(plugin->api);
  impl->name = plugin->name;
  impl->where = fmt::format("chat template {}", plugin->name);
  CRIA_ASSIGN_OR_RETURN(
      const PluginOptions options,
      PluginOptions::check(impl->api.options, impl->api.num_options, given, impl->where, position));
  if (position != nullptr) {
    *position = std::string_view::npos;
  }
  CRIA_RETURN_IF_ERROR(createByPlugin(impl->where, impl->chat, [&](cria_message *message) {
    return impl->api.create(options.data(), options.size(), &vocabulary, &impl->chat, message);
  }));
  return ChatTemplate(std::move(impl));
}

static cria_status addSegment(void *user, ChatSegment segment) {
  static_cast<RenderedChat *>(user)->segments.push_back(std::move(segment));
  return CRIA_STATUS_OK;
}

static cria_status writeSpecial(void *user, cria_string piece) {
  return addSegment(user, {.kind = ChatSegment::Kind::special, .text = std::string(view(piece))});
}

static cria_status writeSpecialId(void *user, int32_t id) {
  return addSegment(user, {.kind = ChatSegment::Kind::specialId, .text = {}, .id = id});
}

static cria_status writeText(void *user, cria_string text, uint32_t noDummyPrefix) {
  if (noDummyPrefix > 1) {
    return CRIA_STATUS_INVALID_ARGUMENT;
  }
  return addSegment(
      user, {.kind = ChatSegment::Kind::text,
             .text = std::string(view(text)),
             .position = noDummyPrefix == 0 ? TextPosition::startOfText : TextPosition::continuation});
}

static cria_status writeStopText(void *user, cria_string text) {
  if (text.size == 0) { // an empty stop text would match everywhere
    return CRIA_STATUS_INVALID_ARGUMENT;
  }
  static_cast<RenderedChat *>(user)->stopTexts.emplace_back(view(text));
  return CRIA_STATUS_OK;
}

static cria_status writeStopToken(void *user, int32_t id) {
  static_cast<RenderedChat *>(user)->stopIds.push_back(id);
  return CRIA_STATUS_OK;
}

static uint32_t flagsOf(ChatGoal goal) {
  switch (goal) {
  case ChatGoal::answer:
    return CRIA_CHAT_ADD_GENERATION_PROMPT;
  case ChatGoal::continueLast:
    return CRIA_CHAT_CONTINUE_LAST;
  case ChatGoal::record:
    break;
  }
  return 0;
}

StatusOr<RenderedChat> ChatTemplate::render(std::span<const ChatMessage> messages, ChatGoal goal) const {
  std::vector<cria_chat_message> list;
  for (const ChatMessage &message : messages) {
    list.push_back(
        {sizeof(cria_chat_message), static_cast<uint32_t>(message.role), abiString(message.content)});
  }
  std::vector<const cria_chat_message *> pointers;
  for (const cria_chat_message &message : list) {
    pointers.push_back(&message);
  }
  RenderedChat result{.segments = {}, .stopTexts = {}, .stopIds = {}, .markers = impl_->markers};
  const cria_chat_writer writer{sizeof(writer), 0,         &result,       writeSpecial,
                                writeSpecialId, writeText, writeStopText, writeStopToken};
  CRIA_RETURN_IF_ERROR(callPlugin(impl_->where, [&](cria_message *message) {
    return impl_->api.render(impl_->chat, pointers.data(), static_cast<uint32_t>(pointers.size()),
                             flagsOf(goal), &writer, message);
  }));
  return result;
}

StatusOr<std::optional<std::string>> ChatTemplate::findTags(std::string_view text) const {
  if (impl_->api.find_tags == nullptr) {
    return std::optional<std::string>();
  }
  MessageBuffer message;
  uint32_t found = 0;
  const cria_status answer = impl_->api.find_tags(impl_->chat, abiString(text), &found, message.get());
  if (answer != CRIA_STATUS_OK) {
    return message.toStatus(answer, impl_->where);
  }
  return found == 0 ? std::optional<std::string>() : std::optional(message.text());
}

} // namespace cria

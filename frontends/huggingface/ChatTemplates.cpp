// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The published templates, word for word except for blanks and quotes.
#include "frontends/huggingface/ChatTemplates.h"

namespace cria::huggingface {

namespace {

struct Published {
  std::string text;
  KnownTemplate is;
};

const std::string kAlternate =
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}";
const std::string kOtherRoles =
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}";

/// Llama-2-chat and CodeLlama-Instruct up to 34B; they differ in how they strip.
std::string inst(const std::string &strip) {
  return "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
         "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
         "{% set system_message = false %}{% endif %}{% for message in loop_messages %}" +
         kAlternate +
         "{% if loop.index0 == 0 and system_message != false %}"
         "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
         "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
         "{{ bos_token + '[INST] ' + content" +
         strip +
         " + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
         "{{ ' ' + content" +
         strip + " + ' ' + eos_token }}{% endif %}{% endfor %}";
}

/// The model that ships with this project.
std::string stories() {
  return "{% if messages[0]['role'] == 'system' %}"
         "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
         "{% set turns = messages[1:] %}{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
         "{% for message in turns %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
         "{{ raise_exception('roles must alternate: user, assistant, user, ...') }}{% endif %}"
         "{% set text = system + message['content'] if loop.first else message['content'] %}"
         "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + text.strip() + ' [/INST]' }}"
         "{% else %}{{ ' ' + text.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";
}

std::string step() {
  return "{% if messages[0]['role'] == 'system' %}{% set user_index = 1 %}{% else %}{% set user_index = 0 %}"
         "{% endif %}{% for message in messages %}"
         "{% if (message['role'] == 'user') != ((loop.index0 + user_index) % 2 == 0) %}"
         "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% "
         "endif %}"
         "{% if loop.index0 == 0 %}{{ '<s>' }}{% endif %}"
         "{% set content = 'Source: ' + message['role'] + '\\n\\n ' + message['content'] | trim %}"
         "{{ content + ' <step> ' }}{% endfor %}{{'Source: assistant\\nDestination: user\\n\\n '}}";
}

const std::string kChatMlTurn =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}";

std::string zephyr() {
  return "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
         "{{ '<|user|>\\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
         "{{ '<|system|>\\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
         "{{ '<|assistant|>\\n' + message['content'] + eos_token }}\n{% endif %}\n"
         "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}";
}

std::string mistral(const std::string &end) {
  return "{{ bos_token }}{% for message in messages %}" + kAlternate +
         "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
         "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token" +
         end + "}}" + kOtherRoles;
}

/// Vicuna and Alpaca as Unsloth writes them: a system text, and turns.
std::string withSystem(const std::string &gap, const std::string &system, const std::string &user,
                       const std::string &answer, const std::string &prompt) {
  return "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + " + gap +
         " }}{% set loop_messages = messages[1:] %}{% else %}{{ " + system +
         " }}{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}"
         "{% if message['role'] == 'user' %}{{ " +
         user + " }}{% elif message['role'] == 'assistant' %}{{ " + answer + " }}" + kOtherRoles +
         "{% if add_generation_prompt %}{{ " + prompt + " }}{% endif %}";
}

std::string vicuna() {
  return withSystem(
      "' '",
      "'A chat between a curious user and an artificial intelligence assistant. The assistant gives "
      "helpful, detailed, and polite answers to the user\\'s questions.' + ' '",
      "'USER: ' + message['content'] + ' '", "'ASSISTANT: ' + message['content'] + eos_token",
      "'ASSISTANT:'");
}

const std::string kTasks = "Below are some instructions that describes some tasks. Write responses that "
                           "appropriately completes each request.";

std::string alpaca() {
  return withSystem("'\\n\\n'", "'" + kTasks + "\\n\\n'",
                    "'### Instruction:\\n' + message['content'] + '\\n\\n'",
                    "'### Response:\\n' + message['content'] + eos_token + '\\n\\n'", "'### Response:\\n'");
}

std::vector<Published> publishedTemplates() {
  const std::string chatMlEnd = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
  return {
      {inst(".strip()"), {"llama2", {}}},
      {stories(), {"llama2", {}}},
      {inst(" | trim"), {"codellama", {}}},
      {step(), {"codellama", {{"format", "70b"}}}},
      {kChatMlTurn + "{% endfor %}" + chatMlEnd, {"chatml", {}}},
      {kChatMlTurn + "{% if loop.last and add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif "
                     "%}{% endfor %}",
       {"chatml", {}}},
      {zephyr(), {"zephyr", {}}},
      {mistral(" + ' '"), {"mistral", {{"answer_space", "false"}, {"after_answer", " "}}}},
      {mistral(""), {"mistral", {{"answer_space", "false"}}}},
      {vicuna(), {"vicuna", {}}},
      {alpaca(), {"alpaca", {{"system", kTasks}, {"after_answer", "\n\n"}}}},
  };
}

} // namespace

std::optional<KnownTemplate> recognizeChatTemplate(std::string_view jinja) {
  const std::optional<std::string> given = canonicalJinja(jinja);
  for (const Published &published : publishedTemplates()) {
    if (given && *given == canonicalJinja(published.text)) {
      return published.is;
    }
  }
  return std::nullopt;
}

} // namespace cria::huggingface

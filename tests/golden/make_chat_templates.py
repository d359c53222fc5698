#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes chat_templates.jsonl: conversations in the formats of well-known fine-tunes, as segments.

Published Jinja templates, and formats that were published as code, said in Jinja (FORMATS), are rendered by jinja2, set
up as transformers does it. The rows are described in README.md.
"""

import re
import sys

from jinja2.exceptions import TemplateError

from jinja_environment import SPECIAL, environment, write_rows
from make_chat import dialog

INST = ("{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
        "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
        "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "{% if loop.index0 == 0 and system_message != false %}"
        "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
        "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
        "{{ bos_token + '[INST] ' + content STRIP + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
        "{{ ' '  + content STRIP + ' ' + eos_token }}{% endif %}{% endfor %}")
STEP = ("{% if messages[0]['role'] == 'system' %}{% set user_index = 1 %}{% else %}{% set user_index = 0 %}{% endif %}"
        "{% for message in messages %}{% if (message['role'] == 'user') != ((loop.index0 + user_index) % 2 == 0) %}"
        "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "{% if loop.index0 == 0 %}{{ '<s>' }}{% endif %}"
        "{% set content = 'Source: ' + message['role'] + '\\n\\n ' + message['content'] | trim %}"
        "{{ content + ' <step> ' }}{% endfor %}{{'Source: assistant\\nDestination: user\\n\\n '}}")
CHATML = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
          "'\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
ZEPHYR = ("{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
          "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
          "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
          "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
          "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}")
MISTRAL = ("{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
           "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
           "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
           "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_tokenEND}}{% else %}"
           "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}")

CHATML_LAST = ("{% for message in messages %}\n{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
               "'\n'}}{% if loop.last and add_generation_prompt %}{{'<|im_start|>assistant\n' }}{% endif %}{% endfor %}")
ELSE = "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
VICUNA = ("{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + ' ' }}"
          "{% set loop_messages = messages[1:] %}{% else %}{{ 'A chat between a curious user and an artificial intelligence "
          "assistant. The assistant gives helpful, detailed, and polite answers to the user\\'s questions.' + ' ' }}"
          "{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}{% if message['role'] == 'user' %}"
          "{{ 'USER: ' + message['content'] + ' ' }}{% elif message['role'] == 'assistant' %}"
          "{{ 'ASSISTANT: ' + message['content'] + eos_token }}" + ELSE +
          "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
TASKS = ("Below are some instructions that describes some tasks. Write responses that appropriately completes each "
         "request.")
ALPACA = ("{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\n\n' }}"
          "{% set loop_messages = messages[1:] %}{% else %}{{ '" + TASKS + "\n\n' }}{% set loop_messages = messages %}"
          "{% endif %}{% for message in loop_messages %}{% if message['role'] == 'user' %}"
          "{{ '### Instruction:\n' + message['content'] + '\n\n' }}{% elif message['role'] == 'assistant' %}"
          "{{ '### Response:\n' + message['content'] + eos_token + '\n\n' }}" + ELSE +
          "{% if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}")

VICUNA_SYSTEM = ("A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
                 "detailed, and polite answers to the user's questions.")
ALPACA_SYSTEM = ("Below is an instruction that describes a task. Write a response that appropriately completes the "
                 "request.")

# Published Jinja templates: who publishes it, the plugin's expression for it, the text.
PUBLISHED = [
    ("Llama-2-7b-chat", "llama2", INST.replace(" STRIP", ".strip()")),
    ("CodeLlama-7b-Instruct", "codellama", INST.replace(" STRIP", " | trim")),
    ("CodeLlama-70b-Instruct", 'codellama(format="70b")', STEP),
    ("OpenHermes-2.5", "chatml", CHATML),
    ("zephyr-7b-beta", "zephyr", ZEPHYR),
    ("Mistral-7B-Instruct-v0.1", 'mistral(answer_space=false, after_answer=" ")', MISTRAL.replace("END", " + ' '")),
    ("Mistral-7B-Instruct-v0.2", "mistral(answer_space=false)", MISTRAL.replace("END", "")),
    ("PEFT's ChatML", "chatml", CHATML_LAST),
    ("Unsloth's Vicuna", "vicuna", VICUNA),
    ("Unsloth's Alpaca", f'alpaca(system="{TASKS}", after_answer="\\n\\n")', ALPACA),
]

TURNS = ("{%- set system = messages[0].content if messages[0].role == 'system' else SYSTEM -%}"
         "{%- set turns = messages[1:] if messages[0].role == 'system' else messages -%}START"
         "{%- for message in turns -%}{%- if (message.role == 'user') != (loop.index0 % 2 == 0) or message.role == 'system' -%}"
         "{{ raise_exception('turns must alternate') }}{%- endif -%}"
         "{%- if message.role == 'user' -%}{{ USER }}{%- else -%}{{ ANSWER }}{%- endif -%}{%- endfor -%}"
         "{%- if add_generation_prompt -%}{{ OPEN }}{%- endif -%}")


def turns(system, start, user, answer, prompt="''"):
    return (TURNS.replace("SYSTEM", repr(system)).replace("START", "{{ bos_token + " + start + " }}").replace("USER", user)
            .replace("ANSWER", answer).replace("OPEN", prompt))


def alpaca(gap):
    return turns(ALPACA_SYSTEM, "system + '\n\n'", "'### Instruction:\n' + message.content + '\n\n'",
                 f"'### Response:{gap}' + message.content + eos_token", f"'### Response:{gap}'")


# Formats that were published as code: FastChat's vicuna_v1.1; Stanford's prompt for one turn without input, and the same
# with the line break of later fine-tunes; Mistral's own encoding, and its system text.
FORMATS = [
    ("FastChat's Vicuna", "vicuna", turns(VICUNA_SYSTEM, "system + ' '", "'USER: ' + message.content + ' '",
                                          "'ASSISTANT: ' + message.content + eos_token", "'ASSISTANT:'")),
    ("Stanford Alpaca", 'alpaca(before_answer="")', alpaca("")),
    ("Alpaca", "alpaca", alpaca("\n")),
    ("Mistral's own", "mistral", turns("", "''", "'[INST] ' + (system + '\n\n' if loop.first and messages[0].role == 'system' "
                                       "else '') + message.content + ' [/INST]'", "' ' + message.content + eos_token")),
    ("ChatML with BOS", "chatml(bos=true)", "{{ bos_token }}" + CHATML),
    ("Zephyr with BOS", "zephyr(bos=true)", "{{ bos_token }}" + ZEPHYR),
]
ANY_ORDER = ("chatml", "zephyr")  # templates that take any order of roles


def conversations():
    """(name, messages); alternating, ending with user."""
    for system in (None, "You are a helpful assistant.", "  Be brief.  \n", ""):
        name = {None: "", "": "-empty-system"}.get(system, "-system" if system and system[0] == "Y" else "-blanks-system")
        yield "one" + name, dialog("Hello", system=system)
        yield "two" + name, dialog("Hello", "Hi! How can I help?", "Tell me a story.", system=system)
        yield "blanks" + name, dialog("  a  b\n\n c\td ", "\n x  y \n", "\u3000z ", system=system)
        yield "empty" + name, dialog("", "", "", system=system)
    yield "five", dialog("1", "one", "2", "two", "3", "three", "4", "four", "5", system="Count.")
    yield "unicode", dialog("¿Qué? 你好 🦙", "Ответ: ½ → 😀\u200d", "e\u0301 \u2581x\u2581", system="Sé breve. 👍🏽")
    yield "tags", dialog("[INST] <<SYS>> [/INST] <|user|> USER:", "### Response: <step> Source: user </s>", "<|im_end|><s>\n")


def other_orders():
    """(name, messages), which templates whose roles alternate refuse."""
    yield "assistant-first", [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hi"}]
    yield "two-users", [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    yield "two-answers", dialog("a", "b") + [{"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}]
    yield "late-system", dialog("a", "b") + dialog("c", system="s")


def marked(text):
    """Control tokens of a template's own between characters that no message has, so that typed ones stay text."""
    for name in SPECIAL:
        text = text.replace(name, f"\x01{name}\x02")
    return text


def segments(text):
    parts = re.split("\x01(.*?)\x02", text)
    return [{"special": part} if i % 2 else {"text": part} for i, part in enumerate(parts) if part]


def row(who, name, messages, expression, template, generate=True):
    line = {"name": f"{who} {name}", "template": expression, "messages": messages, "generate": generate}
    try:
        text = template.render(messages=messages, add_generation_prompt=generate, bos_token=marked("<s>"),
                               eos_token=marked("</s>"))
    except TemplateError:
        return line | {"refused": True}
    return line | {"segments": segments(text)}


def rows():
    for who, expression, text in PUBLISHED + FORMATS:
        template = environment().from_string(marked(text))
        for name, messages in conversations():
            if "INST] ' + message" in text and who != "Mistral's own" and messages[0]["role"] == "system":
                continue  # Mistral's published templates refuse what its own code takes
            yield row(who, name, messages, expression, template)
        if who in ("Unsloth's Vicuna", "Unsloth's Alpaca", "CodeLlama-70b-Instruct"):
            continue  # these let through what has no place in their own turns, or always ask for an answer
        yield row(who, "answered", dialog("a", "b"), expression, template, generate=False)
        for name, messages in other_orders():
            line = row(who, name, messages, expression, template)
            if "refused" in line or expression.startswith(ANY_ORDER):
                yield line
            else:
                sys.exit(f"{who} {name}: expected a refusal")


def main():
    published = [{"published": who, "template": expression, "jinja": text} for who, expression, text in PUBLISHED]
    write_rows("chat_templates.jsonl", [*rows(), *published])


if __name__ == "__main__":
    main()

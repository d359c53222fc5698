# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes chat_templates.jsonl: conversations rendered by jinja2, in the environment that transformers sets up.

The templates say the published formats in Jinja: ChatML (OpenAI), Zephyr (HuggingFaceH4/zephyr-7b-beta), Mistral
(mistralai/Mistral-7B-Instruct-v0.2 with its system message before the first question), Code Llama Instruct and its 70B
(codellama model cards), Vicuna 1.1 (FastChat), Alpaca (Stanford). Needs jinja2; python make_chat_templates.py > chat_templates.jsonl
"""
import json

import jinja2
import jinja2.sandbox

VICUNA_SYSTEM = ("A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, "
                 "and polite answers to the user's questions.")
ALPACA_SYSTEM = ("Below is an instruction that describes a task. Write a response that appropriately completes the request.")

SPLIT = ("{%- set system = messages[0].content if messages[0].role == 'system' else none -%}"
         "{%- set turns = messages[1:] if system is not none else messages -%}")
ALTERNATE = ("{%- if (message.role == 'user') != (loop.index0 % 2 == 0) or message.role == 'system' -%}{{ raise_exception('turns must alternate') }}{%- endif -%}")

TEMPLATES = {
    "chatml": "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
              "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "zephyr": "{{ bos_token }}{% for message in messages %}{{ '<|' + message.role + '|>\n' + message.content + eos_token + '\n' }}"
              "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
    "mistral": SPLIT + "{{ bos_token }}{%- for message in turns -%}" + ALTERNATE +
               "{%- if message.role == 'user' -%}{{ '[INST] ' + (system + '\n\n' if loop.first and system is not none else '') + "
               "message.content + ' [/INST]' }}{%- else -%}{{ ' ' + message.content + eos_token }}{%- endif -%}{%- endfor -%}",
    "codellama": SPLIT + "{%- for message in turns -%}" + ALTERNATE +
                 "{%- set content = ('<<SYS>>\n' + system + '\n<</SYS>>\n\n' if loop.first and system is not none else '') + message.content -%}"
                 "{%- if message.role == 'user' -%}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
                 "{%- else -%}{{ ' ' + content.strip() + ' ' + eos_token }}{%- endif -%}{%- endfor -%}",
    "codellama(format=\"70b\")": SPLIT + "{%- for message in turns -%}" + ALTERNATE + "{%- endfor -%}{{ bos_token }}{%- for message in messages -%}"
                 "{{ 'Source: ' + message.role + '\n\n ' + message.content.strip() + ' <step> ' }}{%- endfor -%}"
                 "{%- if add_generation_prompt -%}{{ 'Source: assistant\nDestination: user\n\n ' }}{%- endif -%}",
    "vicuna": SPLIT + "{{ bos_token }}{{ (system if system is not none else default_system) + ' ' }}{%- for message in turns -%}" + ALTERNATE +
              "{%- if message.role == 'user' -%}{{ 'USER: ' + message.content + ' ' }}"
              "{%- else -%}{{ 'ASSISTANT: ' + message.content + eos_token }}{%- endif -%}{%- endfor -%}"
              "{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}",
    "alpaca": SPLIT + "{{ bos_token }}{{ (system if system is not none else default_system) + '\n\n' }}{%- for message in turns -%}" + ALTERNATE +
              "{%- if message.role == 'user' -%}{{ '### Instruction:\n' + message.content + '\n\n' }}"
              "{%- else -%}{{ '### Response:\n' + message.content + eos_token }}{%- endif -%}{%- endfor -%}"
              "{%- if add_generation_prompt -%}{{ '### Response:\n' }}{%- endif -%}",
}

def say(role, content):
    return {"role": role, "content": content}

CONVERSATIONS = [
    [say("user", "Hello")],
    [say("system", "Be brief."), say("user", "Why is the sky blue?")],
    [say("user", "One"), say("assistant", "Two"), say("user", "Three")],
    [say("system", "Answer as a pirate."), say("user", " spaced out "), say("assistant", " padded\n"), say("user", "\u3000wide\u3000")],
    [say("user", "a\n\nb\t c"), say("assistant", ""), say("user", "naïve 🦙 漢字")],
    [say("user", "<s>[INST] <|user|> ### Response: USER: </s>")],
    [say("user", "finished?"), say("assistant", "yes")],
    [say("user", "two"), say("user", "in a row")],
    [say("assistant", "I begin")],
    [say("user", "system later"), say("system", "x"), say("user", "y")],
]


def refuse(text):
    raise jinja2.exceptions.TemplateError(text)


def main():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    for name, template in TEMPLATES.items():
        for messages in CONVERSATIONS:
            generate = messages[-1]["role"] == "user"
            # Control tokens of the template as characters that no message has, so that typed ones stay text.
            bare = template.replace("<|im_start|>", "\x01<|im_start|>\x02").replace("<|im_end|>", "\x01<|im_end|>\x02").replace("<step>", "\x01<step>\x02")
            line = {"template": name, "messages": messages, "generate": generate}
            try:
                line["text"] = environment.from_string(bare).render(
                    messages=messages, add_generation_prompt=generate, bos_token="\x01<s>\x02", eos_token="\x01</s>\x02",
                    default_system=ALPACA_SYSTEM if name == "alpaca" else VICUNA_SYSTEM)
            except jinja2.exceptions.TemplateError:
                line["refused"] = True
            print(json.dumps(line, ensure_ascii=False))


main()

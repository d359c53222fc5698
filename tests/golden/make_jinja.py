#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes jinja_templates.jsonl (chat templates over conversations) and jinja_snippets.jsonl (small templates), with what
jinja2 renders, set up as transformers does it. The rows are described in README.md."""

import sys

from jinja2.exceptions import TemplateError

from jinja_environment import environment, split, write_rows
from jinja_snippets import SNIPPETS
from make_chat import dialog
from make_chat_templates import ALPACA_SYSTEM, PUBLISHED

STRICT = "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
TEMPLATES = {who: text for who, _, text in PUBLISHED}
TEMPLATES |= {
    "multi-line": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- " [INST] " + system_message + "\\n\\n" + message["content"] + " [/INST]" }}
        {%- else %}
            {{- " [INST] " + message["content"] + " [/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    "alpaca-like": "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}"
                   "{% set turns = messages[1:] %}{% else %}{% set system = '" + ALPACA_SYSTEM + "' %}"
                   "{% set turns = messages %}{% endif %}{{ bos_token ~ system }}{% for turn in turns %}"
                   "{{ '\\n\\n### ' ~ ('Instruction' if turn.role == 'user' else 'Response') ~ ':\\n' ~ turn.content | trim }}"
                   "{{ eos_token if turn.role == 'assistant' }}{% endfor %}"
                   "{{ '\\n\\n### Response:\\n' if add_generation_prompt and messages[-1].role == 'user' }}",
    "vicuna-like": "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] ~ ' ' }}"
                   "{% elif m['role'] == 'user' %}USER: {{ m['content'] }} {% else %}ASSISTANT: {{ m['content'] }}"
                   "{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}",
    "found": """{% if not add_generation_prompt is defined %}
{% set add_generation_prompt = false %}
{% endif %}
{%- set ns = namespace(found=false, count=0) -%}
{%- for message in messages -%}
    {%- if message['role'] == 'system' -%}
        {%- set ns.found = true -%}
    {%- endif -%}
    {%- set ns.count = ns.count + 1 -%}
{%- endfor -%}
{{bos_token}}{%- if not ns.found -%}
{{'You are helpful, for ' + ns.count|string + ' messages.\\n'}}
{%- endif %}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}
{{ message['content'] }}
    {%- else %}
        {%- if message['role'] == 'user' %}
{{'### Instruction:\\n' + message['content'] + '\\n'}}
        {%- else %}
{{'### Response:\\n' + message['content'] + '\\n<|tool|>\\n'}}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{% if add_generation_prompt %}
{{'### Response:'}}
{% endif %}""",
    "titles": "{{ bos_token }}{% for message in messages %}{{ 'Correct ' + message['role'].title() + ': ' + "
              "message['content'] + '<|im_end|>'}}{% endfor %}{% if add_generation_prompt %}{{ 'Correct Assistant:' }}{% endif %}",
    "headers": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|im_start|>' + "
               "message['role'] + '<|im_end|>\n\n'+ message['content'] | trim + '<|tool|>' %}{% if loop.index0 == 0 %}"
               "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_end|>\n\n' }}{% endif %}",
    "joined-tags": "{% for m in messages %}{{ '<|' ~ {'user': 'im_start', 'assistant': 'im_end'}.get(m.role, 'tool') ~ '|>' }}"
                   "{{ m.content }}{% endfor %}",
    "macros": """{%- macro turn(role, text, end=eos_token) -%}
{{ '[' ~ role | upper ~ '] ' ~ text }}{{ end }}
{%- endmacro -%}
{{- bos_token -}}
{%- for message in messages -%}
{%- if loop.last and not add_generation_prompt -%}{{ turn(message.role, message.content, end='') }}
{%- else -%}{{ turn(message.role, message.content | replace('a', 'A')) }}{%- endif -%}
{%- endfor -%}""",
    "controls": """{% for message in messages %}
  {% if message.role == 'system' %}{% continue %}{% endif %}
  {% if loop.index > 3 %}{% break %}{% endif %}
{{ loop.index }}/{{ loop.length }} {{ loop.revindex0 }} {{ loop.first }} {{ message.content }}
{% else %}
none
{% endfor %}
""",
    "generation": "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{{ eos_token }}"
                  "{% endgeneration %}{% else %}{{ m.content }}\n{% endif %}{% endfor %}",
    "filtered": "{% set users = messages | selectattr('role', 'equalto', 'user') | list %}{{ users | length }}"
                "{% for m in messages if m.role != 'system' %} {{ loop.index0 }}:{{ m.content | trim | length }}{% endfor %}"
                " {{ messages | map(attribute='role') | join(',') }} {{ (messages | last).content | tojson }}"
                "{% set last %}<{{ messages[-1]['content'][:3] }}>{% endset %}{{ last }}{{ tools is none }}",
    "strict": "{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('no ' ~ m.role ~ ' here') }}"
              "{% endif %}{{ m.content }}{% endfor %}",
    "splits": "{% for m in messages %}{% set parts = m.content.split('\\n') %}{% for part in parts %}"
              "{{ '> ' ~ part.strip() ~ '\\n' }}{% endfor %}{{ m.content.startswith('Hi') }}{% endfor %}{{ eos_token }}\n\n",
}


def conversations():
    yield "one", dialog("Hello")
    yield "two-system", dialog("Hello", "Hi! How can I help?", "Tell me a story.", system="You are a helpful assistant.")
    yield "blanks", dialog("  a  b\n\n c\td ", "\n x  y \n", "\u3000z ", system="  Be brief.  \n")
    yield "empty", dialog("", "", "", system="")
    yield "five", dialog("1", "one", "2", "two", "3", "three", "4", "four", "5")
    yield "unicode", dialog("¿Qué? 你好 🦙", "Ответ: ½ → 😀\u200d", "e\u0301 \u2581x\u2581", system="Sé breve. 👍🏽")
    yield "answered", dialog("a", "b")
    yield "two-users", dialog("a") + dialog("b")


def render(template, **values):
    """{"segments"} or {"raised": message}."""
    try:
        text = template.render(bos_token="<s>", eos_token="</s>", tools=None, documents=None, **values)
    except TemplateError as error:
        return {"raised": str(error)}
    return {"segments": split(text)}


def template_rows():
    talks = dict(conversations())
    yield from ({"conversation": name, "messages": messages} for name, messages in talks.items())
    for name, text in TEMPLATES.items():
        yield {"template": name, "jinja": text}
        template = environment().from_string(text)
        for talk, messages in talks.items():
            for prompt in (True, False):
                yield {"of": name, "with": talk, "prompt": prompt,
                       **render(template, messages=messages, add_generation_prompt=prompt)}


def snippet_rows():
    messages = dialog("Hello", "Hi", system="Be brief.")
    for text in SNIPPETS:
        try:
            result = environment().from_string(text).render(
                messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>", tools=None, documents=None)
            yield {"jinja": text, "text": result}
        except Exception as error:  # of jinja2 or of Python: both end the rendering
            yield {"jinja": text, "refused": f"{type(error).__name__}: {error}"}


def main():
    write_rows("jinja_templates.jsonl", list(template_rows()))
    rows = list(snippet_rows())
    write_rows("jinja_snippets.jsonl", rows)
    print(sum("refused" in row for row in rows), "of the snippets are refused")


if __name__ == "__main__":
    sys.exit(main())

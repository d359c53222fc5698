# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""jinja2 as transformers sets it up for chat templates, and rendered text as segments."""

import datetime
import json
import pathlib
import re

import jinja2
import jinja2.ext
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|tool|>", "<step>"]  # the control tokens of these tests


class Generation(jinja2.ext.Extension):
    """{% generation %} marks answers for training; it changes no text."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller):
        return caller()


def raise_exception(message):
    raise TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(format):
    return datetime.datetime.now().strftime(format)


def environment():
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                         extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = strftime_now
    return made


def compile_template(text):
    """messages, add_generation_prompt -> text. Errors: TemplateError."""
    template = environment().from_string(text)
    return lambda messages, prompt: template.render(messages=messages, add_generation_prompt=prompt, bos_token="<s>",
                                                    eos_token="</s>")


def split(text):
    """Segments. Right only where no message holds the name of a special token."""
    parts = re.split("(" + "|".join(map(re.escape, SPECIAL)) + ")", text)
    return [{"special": part} if i % 2 else {"text": part} for i, part in enumerate(parts) if part]


def write_rows(name, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{name}: {len(rows)} rows")

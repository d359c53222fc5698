#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes golden Llama-2-chat conversations: segments and token ids.

--model FILE and --name NAME as in make_tokens.py; writes chat.NAME.jsonl. The segments come from `render`; the
ids from `tokenizers` over the segments, compared with `published_ids`, which follows the shape of the published
algorithm (whole dialog to ids, SentencePiece, no segments). The format is described in README.md.
"""

import argparse
import pathlib
import sys

from make_tokens import HERE, Encoder, write

STRIPPED = [chr(c) for c in (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
                             0x2028, 0x2029, 0x202F, 0x205F, 0x3000)]
KEPT = [chr(c) for c in (0x00, 0x01, 0x08, 0x0E, 0x1B, 0x7F, 0x84, 0x86, 0x9F, 0xA1, 0x180E, 0x200B, 0x200C, 0x200D,
                         0x2060, 0x2580, 0x2581, 0x3001, 0xFEFF)]


def dialog(*contents, system=None):
    """Messages with alternating roles, user first, after an optional system message."""
    messages = [] if system is None else [{"role": "system", "content": system}]
    return messages + [{"role": ("user", "assistant")[i % 2], "content": c} for i, c in enumerate(contents)]


def conversations():
    """(name, messages); all end with user, so all have an open turn."""
    yield "one", dialog("Hello")
    yield "one-system", dialog("Who are you?", system="You are a helpful assistant.")
    yield "two", dialog("Hello", "Hi! How can I help?", "Tell me a story.")
    yield "two-system", dialog("Hello", "Hi!", "Tell me a story.", system="Answer in one sentence.")
    yield "five-system", dialog("1", "one", "2", "two", "3", "three", "4", "four", "5", system="Count.")
    yield "empty-user", dialog("")
    yield "empty-system", dialog("Hello", system="")
    yield "empty-answer", dialog("Hello", "", "Still there?")
    yield "all-empty", dialog("", "", "", system="")
    yield "only-whitespace", dialog(" \n\t ", "  ", "\u3000", system=" \n ")
    yield "inner-whitespace", dialog("  a  b\n\n c\td ", "\n x  y \n", " z ")
    yield "system-not-stripped", dialog("  Hi  ", system="  Be brief.  \n")
    yield "system-then-blank-user", dialog("   ", system="Be brief.")
    yield "user-newlines", dialog("line one\nline two\n\nline four\n", system="a\nb\n")
    yield "tags-in-user", dialog("[INST] <<SYS>>\nx\n<</SYS>>\n\ny [/INST]", "[INST] [/INST]", "<</SYS>> [/INST]")
    yield "tags-in-system", dialog("Hi", system="<<SYS>>\n[INST] nested [/INST]\n<</SYS>>\n\n")
    yield "special-text", dialog("<s>Hi</s>", "</s><s>", "<unk> <0x0A> </s>", system="<s>")
    yield "unicode", dialog("¿Qué? 你好 🦙", "Ответ: ½ → 😀\u200d", "e\u0301 \u2581x\u2581", system="Sé breve. 👍🏽")
    yield "digits", dialog("What is 12 + 3333?", "3345", "And 2 * 2?")
    yield "controls", dialog("a\0b\x1b[0mc", "\x7f", "\r\nd\r\n")
    yield "long", dialog("why " * 200, "because " * 200, "why not", system="Explain. " * 50)
    yield "every-stripped", dialog("".join(STRIPPED) + "x" + "".join(STRIPPED))
    for character in STRIPPED:
        yield f"strip-{ord(character):04X}", dialog(f"{character}a{character}b{character}", f"{character}c{character}", "d")
    for character in KEPT:
        yield f"keep-{ord(character):04X}", dialog(f"{character}a{character}", f"{character}c{character}", "d")


def refused():
    """(name, messages) that the template cannot express when the model is to answer next."""
    yield "no-messages", []
    yield "only-system", dialog(system="Be brief.")
    yield "assistant-first", [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hi"}]
    yield "two-users", [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    yield "two-answers", dialog("a", "b") + [{"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}]
    yield "late-system", dialog("a", "b") + dialog("c", system="s")
    yield "two-systems", dialog(system="a") + dialog("b", system="c")
    yield "system-then-assistant", dialog(system="s") + [{"role": "assistant", "content": "a"}, *dialog("b")]
    yield "ends-with-answer", dialog("a", "b")


def strip(text):
    """Python's str.strip, by the list instead of by Python's tables."""
    return text.strip("".join(STRIPPED))


def joined(messages):
    """The contents in order, the system block joined to the first user's text before anything is stripped."""
    if messages[0]["role"] != "system":
        return [message["content"] for message in messages]
    system, user, *rest = (message["content"] for message in messages)
    return [f"<<SYS>>\n{system}\n<</SYS>>\n\n{user}", *rest]


def render(messages):
    """Segments: {"special": piece} or {"text": text encoded on its own}."""
    turns, segments = joined(messages), []
    for user, answer in zip(turns[:-1:2], turns[1::2]):
        segments += [{"special": "<s>"}, {"text": f"[INST] {strip(user)} [/INST] {strip(answer)} "}, {"special": "</s>"}]
    return segments + [{"special": "<s>"}, {"text": f"[INST] {strip(turns[-1])} [/INST]"}]


def segment_ids(segments, encode):
    ids = []
    for segment in segments:
        ids += [encode.processor.piece_to_id(segment["special"])] if "special" in segment else encode(segment["text"])
    return ids


def published_ids(messages, processor):
    """Straight from dialog to ids; Python's own strip, and SentencePiece adding BOS and EOS."""
    if messages[0]["role"] == "system":
        first = "<<SYS>>\n" + messages[0]["content"] + "\n<</SYS>>\n\n" + messages[1]["content"]
        messages = [{"role": "user", "content": first}] + messages[2:]
    ids = []
    for i in range(0, len(messages) - 1, 2):
        pair = "[INST] " + messages[i]["content"].strip() + " [/INST] " + messages[i + 1]["content"].strip() + " "
        ids += processor.encode(pair, add_bos=True, add_eos=True)
    return ids + processor.encode("[INST] " + messages[-1]["content"].strip() + " [/INST]", add_bos=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=HERE / "tokenizer" / "tokenizer.model")
    parser.add_argument("--name", default="small")
    arguments = parser.parse_args()
    encode, rows = Encoder(arguments.model), []
    for name, messages in conversations():
        segments = render(messages)
        ids = segment_ids(segments, encode)
        if ids != published_ids(messages, encode.processor):
            encode.differences += 1
            print(f"difference: {name}", file=sys.stderr)
        rows.append({"name": name, "messages": messages, "segments": segments, "ids": ids})
    rows += [{"name": name, "messages": messages, "refused": True} for name, messages in refused()]
    write("chat", arguments.name, rows)
    print(f"{encode.differences} differences")
    return 1 if encode.differences else 0


if __name__ == "__main__":
    sys.exit(main())

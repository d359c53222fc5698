#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes golden token ids with Hugging Face `tokenizers`, from the pieces of a SentencePiece BPE model.

--model FILE (default: tokenizer/tokenizer.model) and --name NAME (default: small) choose the tokenizer and the
files: tokens.NAME.jsonl, planes.NAME.jsonl, decode.NAME.jsonl. Every id is compared with SentencePiece's own;
a difference is printed and is an error. The formats are described in README.md.
"""

import argparse
import json
import pathlib
import random
import struct
import sys
import unicodedata

import sentencepiece
import tokenizers

HERE = pathlib.Path(__file__).resolve().parent
LINE = 64  # code points in a line of the mixed Unicode corpus
BLOCK = 512  # code points in a line of planes.*.jsonl
DENSE = [(0x0000, 0x2FFF), (0x1F000, 0x1FAFF)]  # every assigned code point of these stands in the mixed corpus,
SPARSE = 32  # and every so many-th of the rest; planes.*.jsonl has all of Unicode

HANDWRITTEN = [
    "", " ", "  ", "   ", "    ", "\n", "\n\n", "\t", "\r\n", "a\n", "\na", " \n \n ", "Hello world", " Hello world",
    "  Hello world", "Hello world ", "Hello  world", "Hello\tworld", "Hello\nworld\n", "This is 🦙.cpp",
    "[INST] Hello [/INST]", "<<SYS>>\nBe brief.\n<</SYS>>\n\nHi", "<s>", "</s>", "<s>Hello</s>", " <s> </s> ", "<unk>",
    "<0x0A>", "<0x41><0xFF>", "<pad>", "[PAD]", "▁", "▁▁", "a▁b", "▁Hello▁world", " ▁ ▁ ", "a ▁", "\u2581\n\u2581",
    "3333", "0123456789", "1 2 3", "3.14159", "1,000,000", "x1y22z333", "٣٤٥", "४५६", "１２３", "½¾²³",
    "\0", "a\0b", "\0\0\0", "\x01\x02\x1b[0m\x7f", "\u0085\u00a0\u200b\u2028\u2029\ufeff", "\ufeffHello",
    "\u3000全角\u3000", "\u200d\u200c\u200e\u200f\u202a\u202e", "\ufffd", "\ufffe\uffff", "\U0010ffff", "\ue000",
    "e\u0301 é", "ñ n\u0303", "Å Å A\u030a", "ﬁ fi ﬀ", "ＡＢＣ", "ß ẞ ſ", "İ i̇ ı", "한국어 \u1112\u1161\u11ab",
    "👨‍👩‍👧‍👦", "👍🏽👍🏿", "🏳️‍🌈", "🇩🇪🇫🇷", "1️⃣", "😀😀😀", "a😀b", "🦙 🦙", "😀\u200d", "❤️ ❤",
    "नमस्ते दुनिया", "שלום עולם", "مرحبا بالعالم", "สวัสดีชาวโลก", "привет мир", "Καλημέρα κόσμε", "你好，世界", "こんにちは世界",
    "Don't stop -- it's 5 o'clock.", "foo_bar->baz(&x, *y);", "\\n\\t\\\\", "\"quoted\" 'single' `tick`", "a=b;c=d",
    "https://example.org/a?b=c&d=e#f", "a" * 1000, " " * 1000, "\n" * 300, "ab" * 500, "the " * 300, "=" * 257, "あ" * 300,
    "\0" * 100, "😀" * 100, " a" * 200, "1" * 300, " \n" * 150, "hehehe" * 60, "ll" * 33 + "l", "tentententen", "sss ssss sssss",
]


def pieces_of(processor):
    return [(i, processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]


def hf_tokenizer(processor):
    """The same tokenizer in `tokenizers`: merges from the pieces by score, then by length of the left part."""
    pieces = pieces_of(processor)
    special = {i for i, _, _ in pieces
               if processor.is_control(i) or processor.is_unknown(i) or processor.is_byte(i)}
    plain = {piece: score for i, piece, score in pieces if i not in special}
    merges = [(-score, cut, piece[:cut], piece[cut:]) for piece, score in plain.items()
              for cut in range(1, len(piece)) if piece[:cut] in plain and piece[cut:] in plain]
    model = tokenizers.models.BPE(
        vocab={piece: i for i, piece, _ in pieces}, merges=[merge[2:] for merge in sorted(merges)],
        unk_token=processor.id_to_piece(processor.unk_id()), fuse_unk=True, byte_fallback=True)
    result = tokenizers.Tokenizer(model)
    result.normalizer = tokenizers.normalizers.Sequence(  # Prepend leaves the empty text empty
        [tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")])
    return result


def assigned():
    """The assigned code points of DENSE and every SPARSE-th other one, without surrogates."""
    for code in range(0x110000):
        dense = any(first <= code <= last for first, last in DENSE)
        if (dense or code % SPARSE == 0) and unicodedata.category(chr(code)) not in ("Cn", "Cs"):
            yield chr(code)


def mixed_lines():
    """All of assigned(), LINE to a line, far ones together, so that scripts and byte fallback alternate."""
    characters = list(assigned())
    count = -(-len(characters) // LINE)
    return ["".join(characters[i::count]) for i in range(count)]


def merge_lines(processor, count=250):
    """Seeded sequences of pieces and whitespace: they exercise the order of merges across piece borders."""
    picker = random.Random(1)
    known = [piece.replace("▁", " ") for i, piece, _ in pieces_of(processor)
             if not (processor.is_control(i) or processor.is_unknown(i) or processor.is_byte(i))]
    extra = [" ", "  ", "\n", "\t", "7", "é", "字", "😀", "."]
    return ["".join(picker.choice(known if picker.random() < 0.85 else extra) for _ in range(24))
            for _ in range(count)]


def fnv1a64(ids):
    """FNV-1a, 64 bits, over the ids as little-endian u32."""
    value = 0xCBF29CE484222325
    for byte in struct.pack(f"<{len(ids)}I", *ids):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


class Encoder:
    """Encodes with `tokenizers` and checks against SentencePiece."""

    def __init__(self, model):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        self.tokenizer = hf_tokenizer(self.processor)
        self.differences = 0

    def __call__(self, text):
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        other = self.processor.encode(text)
        if ids != other:
            self.differences += 1
            print(f"difference: {text!r}\n  tokenizers    {ids}\n  sentencepiece {other}", file=sys.stderr)
        return ids


def plane_rows(encode):
    for first in range(0, 0x110000, BLOCK):
        if 0xD800 <= first <= 0xDFFF:
            continue
        ids = encode("".join(map(chr, range(first, first + BLOCK))))
        yield {"first": first, "count": BLOCK, "num_ids": len(ids), "fnv1a64": fnv1a64(ids)}


def decode(processor, ids):
    """What ids mean as text, written from the rules and not from SentencePiece's code."""
    data, first = b"", True
    for i in ids:
        if processor.is_control(i):
            continue
        if processor.is_byte(i):
            data += bytes([int(processor.id_to_piece(i)[3:5], 16)])
        elif processor.is_unknown(i):
            data += " ⁇ ".encode()
        else:
            piece = processor.id_to_piece(i).replace("▁", " ")
            data += (piece[1:] if first and piece.startswith(" ") else piece).encode()
        first = False
    return replace_invalid(data)


def replace_invalid(data):
    """UTF-8 to text, with one U+FFFD for each undecodable byte."""
    text, at = "", 0
    while at < len(data):
        for size in range(1, 5):
            try:
                text += data[at:at + size].decode("utf-8")
                at += size
                break
            except UnicodeDecodeError:
                continue
        else:
            text += "\ufffd"
            at += 1
    return text


def decode_rows(encode):
    """Round trips, control ids and <unk> anywhere, torn UTF-8, and random ids."""
    processor, picker = encode.processor, random.Random(3)
    byte = {int(p[3:5], 16): i for i, p, _ in pieces_of(processor) if processor.is_byte(i)}
    cases = [encode(text) for text in HANDWRITTEN[:100]]
    cases += [[1] + encode("Hello world"), [1, 1] + encode(" Hello"), encode("Hello") + [2] + encode("Hello"),
              [0], [0, 0], [0] + encode("Hello"), [1, 0, 2], encode("a") + [0] + encode("b"), [1], [2], [1, 2]]
    torn = "é€😀".encode()
    cases += [[byte[b] for b in torn[:end]] + encode("x") for end in range(1, len(torn) + 1)]
    cases += [[byte[b] for b in torn[start:]] for start in range(1, len(torn))]
    cases += [[byte[b] for b in text] for text in (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                                                   b"\xe2\x82\xe2\x82\xac", b"\xf0\x9f\x98A", b"\x80" * 5, b"\0a")]
    cases += [encode("a") + [byte[0x20]] + encode("b"), [byte[0x20]] + encode("b")]
    cases += [[picker.randrange(processor.get_piece_size()) for _ in range(20)] for _ in range(100)]
    for ids in cases:
        text, other = decode(processor, ids), processor.decode(ids)
        if text != other:
            encode.differences += 1
            print(f"difference: {ids}\n  rules         {text!r}\n  sentencepiece {other!r}", file=sys.stderr)
        yield {"ids": ids, "text": text}


def write(kind, name, rows):
    rows = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    file = HERE / f"{kind}.{name}.jsonl"
    file.write_text("\n".join(rows) + "\n", "utf-8", newline="\n")
    print(f"{file.name}: {len(rows)} lines, {file.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=HERE / "tokenizer" / "tokenizer.model")
    parser.add_argument("--name", default="small")
    arguments = parser.parse_args()
    encode = Encoder(arguments.model)
    texts = HANDWRITTEN + merge_lines(encode.processor) + mixed_lines()
    write("tokens", arguments.name, ({"text": text, "ids": encode(text)} for text in texts))
    write("planes", arguments.name, plane_rows(encode))
    write("decode", arguments.name, decode_rows(encode))
    print(f"unicode {unicodedata.unidata_version}, tokenizers {tokenizers.__version__}, "
          f"sentencepiece {sentencepiece.__version__}: {encode.differences} differences")
    return 1 if encode.differences else 0


if __name__ == "__main__":
    sys.exit(main())

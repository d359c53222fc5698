#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains tokenizer/tokenizer.model: a small SentencePiece BPE with the settings of LLaMA's own.

The text is written here. Besides sentences it has what makes a tokenizer hard to imitate: runs of spaces,
newlines and tabs, digits, several scripts, accents, emoji and code.
"""

import io
import pathlib
import random

import sentencepiece

VOCABULARY = 768
SENTENCES = """
The old lighthouse keeper counted the ships before the storm arrived from the north.
A small model can tell a short story when its words are chosen with care.
She opened the letter, read it twice, and put it back into the drawer without a word.
Nothing is written here that was not written before, but the order is new.
When the river rises, the people of the village carry their lamps to the hill.
How many questions can a child ask before breakfast? Seventeen, said the grandmother.
The compiler reads the graph, fuses the operations and writes the kernels for each target.
Memory is measured in pages; every page holds the keys and values of all layers.
They walked together through the forest, where the snow was still deep and the light was blue.
"Hello world," said the robot, "this is the first morning that I remember."
Please answer the question: what is the difference between a number and its name?
[INST] Tell me a story about a dog. [/INST] Once there was a dog who lived beside the sea.
<<SYS>> You are a helpful assistant. Always answer in one sentence. <</SYS>>
If the wind changes, turn the boat; if it does not change, row harder.
for (int index = 0; index < count; ++index) { total += values[index] * weights[index]; }
def main():    return [line.strip() for line in text.split("\\n") if line]
https://example.org/path/to/the/page.html?query=answer&other=value#section
On 12 March 1987 the temperature fell to -40 degrees, 3333 metres above the sea.
It cost 5.99 or 6,000 or 1e-5 or 0x7F, depending on whom you asked at 10:45.
Der kleine Bär fährt über die große Brücke und hört schöne Geschichten.
L'été dernier, la forêt était déjà brûlée; où êtes-vous allés, mes élèves?
El niño pequeño mañana comerá una piña en el jardín de su señora.
Маленькая собака живёт у моря и каждое утро слушает ветер.
Старик рассказал историю, которую никто не хотел забывать.
Ο μικρός σκύλος ζει δίπλα στη θάλασσα και ακούει τον άνεμο.
小さな犬は海のそばに住んでいます。今日は天気がいいです。
从前有一只小狗住在海边，每天早上听风的声音。
😀 The end. 👍🏽 And they lived happily ever after. 🦙 → ∑ ≤ ½ “quoted” – dash — ellipsis…
"""


def corpus():
    """The sentences, and seeded mixtures of their words with runs of whitespace between."""
    lines = [line for line in SENTENCES.split("\n") if line]
    words = [word for line in lines for word in line.split(" ")]
    picker = random.Random(2)
    gaps = [" "] * 12 + ["  ", "   ", "    ", "        ", " - ", ", "]
    for _ in range(400):
        chosen = [picker.choice(words) for _ in range(12)]
        lines.append("".join(word + picker.choice(gaps) for word in chosen))
    return lines


def main():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="bpe", vocab_size=VOCABULARY,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, character_coverage=0.9995, byte_fallback=True,
        split_digits=True, add_dummy_prefix=True, remove_extra_whitespaces=False,
        normalization_rule_name="identity", allow_whitespace_only_pieces=True, num_threads=1, minloglevel=2)
    file = pathlib.Path(__file__).resolve().parent / "tokenizer" / "tokenizer.model"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(model.getvalue())
    print(f"{file.name}: {VOCABULARY} pieces, {len(model.getvalue())} bytes")


if __name__ == "__main__":
    main()

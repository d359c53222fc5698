# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tokenizer: how it is trained, and how stories and chats become token ids with a mask of what is learned."""

import io
import random

import sentencepiece

from chats import user_texts, write_chat
from stories import write_story

BOS, EOS = 1, 2
VOCABULARY = 1024
CONTEXT = 512
PRINTABLE = "".join(chr(c) for c in range(33, 127))


def corpus(count, rng):
    """Lines of stories and chats, in the shares the model sees."""
    for _ in range(count):
        yield write_story(rng)[0]
        chat = write_chat(rng)
        for user, turn in zip(user_texts(chat), chat.turns):
            yield from f"[INST] {user} [/INST] {turn.answer}".split("\n")


def train_tokenizer(path, seed=1, count=20000):
    """Write a SentencePiece BPE model with the settings of LLaMA 2's."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=corpus(count, random.Random(seed)), model_writer=model, model_type="bpe", vocab_size=VOCABULARY,
        byte_fallback=True, split_digits=True, add_dummy_prefix=True, remove_extra_whitespaces=False,
        normalization_rule_name="identity", allow_whitespace_only_pieces=True, required_chars=PRINTABLE,
        character_coverage=1.0, unk_id=0, bos_id=BOS, eos_id=EOS, pad_id=-1, unk_surface=" \u2047 ", num_threads=2,
        minloglevel=1)
    path.write_bytes(model.getvalue())


def load_tokenizer(path):
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def encode_story(tokenizer, text):
    """Ids, and for each id whether the model learns to say it."""
    ids = tokenizer.encode(text)
    return [BOS, *ids, EOS], [False] + [True] * (len(ids) + 1)


def open_turn(tokenizer, user):
    return [BOS, *tokenizer.encode(f"[INST] {user} [/INST]")]


def finished_turn(tokenizer, user, answer):
    return [BOS, *tokenizer.encode(f"[INST] {user} [/INST] {answer.strip()} "), EOS]


def encode_chat(tokenizer, chat):
    """As encode_story; only the answers and their ends are learned."""
    ids, learned = [], []
    for user, turn in zip(user_texts(chat), chat.turns):
        asked, pair = open_turn(tokenizer, user), finished_turn(tokenizer, user, turn.answer)
        if pair[:len(asked)] != asked:
            raise ValueError(f"the tokens of the question change with its answer: {user!r}")
        ids += pair
        learned += [False] * len(asked) + [True] * (len(pair) - len(asked))
    return ids, learned


def documents(tokenizer, rng):
    """Stories and chats in turn, without end; what is longer than the context is left out."""
    while True:
        for ids, learned in (encode_story(tokenizer, write_story(rng)[0]), encode_chat(tokenizer, write_chat(rng))):
            if len(ids) <= CONTEXT:
                yield ids, learned

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the tokenizer, and encodes stories and chats as token ids with a loss weight for each id."""

import io
import random

import sentencepiece

from chats import user_texts, write_chat
from stories import story_pieces, write_story

BOS, EOS = 1, 2
VOCABULARY = 1024
CONTEXT = 512
RECALLED = 3.0  # loss weight of names, colours, pronouns ... that the text has already determined; other text has 1
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


def weights(tokenizer, text, pieces, start):
    """The loss weight of each token of the text: the pieces begin at character start; tokens before them have weight 0."""
    counts = [0.0] * start
    for piece, recalled in pieces:
        counts += [RECALLED if recalled else 1.0] * len(piece)
    counts += [1.0] * (len(text) - len(counts))
    encoded = tokenizer.encode(text, return_type="proto").pieces
    return [max(counts[piece.begin:piece.end], default=0.0) for piece in encoded]


def encode_story(tokenizer, pieces):
    """Ids, and the loss weight of each id; 0 for ids that are not learned."""
    text = "".join(piece for piece, _ in pieces)
    return [BOS, *tokenizer.encode(text), EOS], [0.0, *weights(tokenizer, text, pieces, 0), 1.0]


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
        question = f"[INST] {user} [/INST] "
        counts = weights(tokenizer, question + turn.answer + " ", turn.pieces, len(question))
        ids += pair
        learned += [0.0] * len(asked) + counts[len(asked) - 1:] + [1.0]
    return ids, learned


def documents(tokenizer, rng):
    """Stories and chats in turn, without end; what is longer than the context is left out."""
    while True:
        for ids, learned in (encode_story(tokenizer, story_pieces(rng)), encode_chat(tokenizer, write_chat(rng))):
            if len(ids) <= CONTEXT:
                yield ids, learned

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures a checkpoint with transformers: do its stories parse, are its answers right under every system prompt?"""

import collections
import pathlib
import random

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from chats import RULES_OF_SYSTEM, is_right, user_texts, write_chat
from stories import COLOURS, MEN, STORIES, WOMEN, parse_story, write_story
from tokens import BOS, CONTEXT, EOS, finished_turn, load_tokenizer, open_turn

ENOUGH = 0.95
BATCH = 50


class Sampler:
    """Continues token ids; temperature 0 is greedy."""

    def __init__(self, folder, temperature, top_p=0.9):
        self.model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = load_tokenizer(folder / "tokenizer.model")
        self.settings = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
        if not temperature:
            self.settings = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}

    @torch.no_grad()
    def continue_all(self, prompts):
        """For each list of ids the new ids, without EOS, and whether EOS came before the context was full."""
        results = []
        for start in range(0, len(prompts), BATCH):
            batch = prompts[start:start + BATCH]
            length = max(map(len, batch))
            ids = torch.tensor([[0] * (length - len(p)) + p for p in batch])
            mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in batch])
            out = self.model.generate(input_ids=ids, attention_mask=mask, max_length=CONTEXT, pad_token_id=0,
                                      bos_token_id=BOS, eos_token_id=EOS, **self.settings)
            for row in out[:, length:].tolist():
                results.append((row[:row.index(EOS)], True) if EOS in row else (row, False))
        return results

    def tell(self, prompts):
        """Whole stories: each prompt with its continuation."""
        ids = [[BOS, *self.tokenizer.encode(prompt)] for prompt in prompts]
        return [self.tokenizer.decode(p + new) if ended else "" for p, (new, ended) in zip(ids, self.continue_all(ids))]

    def talk(self, chats):
        """Answers to all turns of chats of similar length; the answers become part of the conversation."""
        histories, answers = [[] for _ in chats], [[] for _ in chats]
        for number in range(len(chats[0].turns)):
            asked = [user_texts(chat)[number] for chat in chats]
            prompts = [history + open_turn(self.tokenizer, user) for history, user in zip(histories, asked)]
            for i, (new, _) in enumerate(self.continue_all(prompts)):
                answers[i].append(self.tokenizer.decode(new).strip())
                histories[i] += finished_turn(self.tokenizer, asked[i], answers[i][-1])
        return answers


def report(what, good, total, failures=()):
    """Print one measured line; whether it is enough."""
    print(f"{what:<58} {good:4d} of {total:4d}  {100 * good / total:5.1f} %", flush=True)
    for failure in list(failures)[:3]:
        print(f"    {failure}")
    return good >= ENOUGH * total


def broken(text, env, rng):
    """Stories with one thing wrong: a name, a colour, the order, or a sentence missing."""
    sentences = text.split(". ")
    cut = rng.randrange(len(sentences) - 2)
    yield ". ".join(sentences[:cut] + [sentences[cut + 1], sentences[cut]] + sentences[cut + 2:])
    yield ". ".join(sentences[1:])
    yield ". ".join(sentences[:-2])
    for feature, values in (("hero", MEN + WOMEN), ("friend", MEN + WOMEN), ("colour", COLOURS), ("kind", ["cow"])):
        parts = text.split(env.get(feature, "\n"))
        if len(parts) > 2:
            other = rng.choice([v for v in values if v not in (env["hero"], env["friend"], env.get("colour"))])
            at = rng.randrange(1, len(parts))
            yield env[feature].join(parts[:at]) + other + env[feature].join(parts[at:])


def check_parser(count, rng):
    """The parser takes every story of the grammar and refuses what was broken."""
    stories = [write_story(rng) for _ in range(count)]
    wrong = [bad for text, env in stories for bad in broken(text, env, rng)]
    taken = [bad for bad in wrong if parse_story(bad)]
    taken_all = report("parser takes stories of the grammar", sum(bool(parse_story(t)) for t, _ in stories), count)
    return report("parser refuses broken stories", len(wrong) - len(taken), len(wrong), taken) and taken_all


def check_tokenizer(folder, count, rng):
    """transformers' tokenizer, made from the same folder, gives SentencePiece's ids.

    It differs for a text that begins with a space, which it gives no dummy prefix; the texts here do not.
    """
    ours, theirs = load_tokenizer(folder / "tokenizer.model"), AutoTokenizer.from_pretrained(folder)
    texts = [write_story(rng)[0] for _ in range(count)] + ["Grüße 🦙", "a  b", "12 34", "x"]
    wrong = [t for t in texts if theirs(t)["input_ids"] != [BOS, *ours.encode(t)]]
    chat = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": " Hello "}]
    rendered = theirs.apply_chat_template(chat, tokenize=False)
    if rendered != "<s>[INST] <<SYS>>\nAnswer in one sentence.\n<</SYS>>\n\n Hello [/INST]":
        wrong.append(rendered)
    return report("tokenizer files agree", len(texts) - len(wrong), len(texts), wrong)


def check_stories(sampler, prompts, what):
    texts = sampler.tell(prompts)
    wrong = [f"...{t[STORIES.furthest('<Story>', t):][:150]!r} of {t[:60]!r}" for t in texts if not parse_story(t)]
    return report(what, len(texts) - len(wrong), len(texts), wrong)


def check_chats(sampler, count, rng, what):
    """Three-turn chats under every rule: all answers must obey it and be right."""
    good, total, wrong = collections.Counter(), collections.Counter(), []
    rules = ["", *RULES_OF_SYSTEM]
    chats = [write_chat(rng, rules[i % len(rules)], 3) for i in range(count)]
    for chat, answers in zip(chats, sampler.talk(chats)):
        bad = [(t.user, a) for t, a in zip(chat.turns, answers) if not is_right(t, a)]
        total[chat.rule] += 1
        good[chat.rule] += not bad
        wrong += [f"[{chat.system}] {user!r} -> {answer!r}" for user, answer in bad]
    for rule in rules:
        print(f"    {rule or 'no system prompt':<20} {good[rule]:3d} of {total[rule]:3d}")
    return report(what, good.total(), count, wrong)


def check(folder, seed, count):
    """Print the measures; 0 if all are good enough."""
    rng = random.Random(seed + 1000)
    torch.manual_seed(seed)
    results = [check_parser(count, rng), check_tokenizer(folder, count, rng)]
    sampler, greedy = Sampler(folder, 0.8), Sampler(folder, 0)
    prompts = (pathlib.Path(__file__).parent / "prompts.txt").read_text().splitlines()
    results.append(check_stories(sampler, [""] * count, "stories from nothing, temperature 0.8, top-p 0.9"))
    results.append(check_stories(sampler, ["Once upon a time"] * count, "stories from \"Once upon a time\", the same"))
    results.append(check_stories(greedy, prompts, "stories from prompts.txt, greedy"))
    results.append(check_chats(Sampler(folder, 0.6), count, rng, "three-turn chats, temperature 0.6, top-p 0.9"))
    results.append(check_chats(greedy, count, rng, "three-turn chats, greedy"))
    return 0 if all(results) else 1

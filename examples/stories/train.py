# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training: fresh text for every step, batches of documents of similar length, AdamW with a cosine over the given time."""

import itertools
import math
import random
import time

import torch
import torch.nn.functional as F

from tokens import documents

POOL = 2048          # documents sorted by length at a time
BATCH_TOKENS = 3072  # positions per step, padding included
WARMUP = 0.02        # share of the time


def batches(tokenizer, rng):
    """(tokens, targets, weights) of shape [documents, length]; weight 0 is not learned."""
    source = documents(tokenizer, rng)
    while True:
        pool = sorted(itertools.islice(source, POOL), key=lambda document: len(document[0]))
        groups, start = [], 0
        while start < len(pool):
            end = start + 1
            while end < len(pool) and (end - start + 1) * len(pool[end][0]) <= BATCH_TOKENS:
                end += 1
            groups.append(pool[start:end])
            start = end
        rng.shuffle(groups)
        yield from map(pad, groups)


def pad(group):
    length = max(len(ids) for ids, _ in group) - 1
    tokens, targets = torch.zeros(2, len(group), length, dtype=torch.long)
    weights = torch.zeros(len(group), length)
    for row, (ids, learned) in enumerate(group):
        tokens[row, :len(ids) - 1] = torch.tensor(ids[:-1])
        targets[row, :len(ids) - 1] = torch.tensor(ids[1:])
        weights[row, :len(ids) - 1] = torch.tensor(learned[1:])
    return tokens, targets, weights


def rate(progress, peak):
    """Learning rate at a share of the training time: linear warm-up to the peak, then cosine down to nothing."""
    if progress < WARMUP:
        return peak * progress / WARMUP
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - WARMUP) / (1 - WARMUP)))


def loss_of(model, tokens, targets, weights):
    """Weighted mean cross entropy over the learned positions; no logits are made for the others."""
    chosen = weights > 0
    losses = F.cross_entropy(model.lm_head(model(tokens)[chosen]), targets[chosen], reduction="none")
    return (losses * weights[chosen]).sum() / weights.sum()


def train(model, tokenizer, minutes, peak, seed, save, save_every=240):
    """Train for the given time; save(model) is called every save_every seconds and at the end."""
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
                                  betas=(0.9, 0.95), fused=True)
    start = saved = time.monotonic()
    seen, average = 0, None
    for step, (tokens, targets, weights) in enumerate(batches(tokenizer, random.Random(seed))):
        now = time.monotonic()
        progress = (now - start) / (60 * minutes)
        if progress >= 1:
            break
        if now - saved > save_every:
            save(model)
            saved = now
        for group in optimizer.param_groups:
            group["lr"] = rate(progress, peak)
        loss = loss_of(model, tokens, targets, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seen += tokens.numel()
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"{(now - start) / 60:5.1f} min  step {step:5d}  {seen / 1e6:6.2f} M tokens  loss {average:.4f}", flush=True)
    save(model)

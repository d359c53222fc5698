#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the model that ships: writes its text, trains tokenizer and weights, and checks the result.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make_model.py all --out model     # 36 minutes on two cores
    venv/bin/python make_model.py text --count 3      # look at the text
    venv/bin/python make_model.py check --out model   # measure a checkpoint; exit 1 if it is not good enough
"""

import argparse
import pathlib
import random
import sys


def show_text(args):
    from chats import write_chat
    from stories import write_story
    rng = random.Random(args.seed)
    for _ in range(args.count):
        print(write_story(rng)[0] + "\n")
        chat = write_chat(rng)
        print(f"system: {chat.system}")
        for turn in chat.turns:
            print(f"user: {turn.user}\nanswer: {turn.answer}")
        print()


def make_tokenizer(args):
    import export
    from tokens import train_tokenizer
    args.out.mkdir(parents=True, exist_ok=True)
    train_tokenizer(args.out / "tokenizer.model", args.seed)
    export.write_settings(args.out)


def make_weights(args):
    import torch
    import export
    from model import Llama
    from tokens import load_tokenizer
    from train import train
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    model = Llama()
    if args.resume:
        model.load_state_dict(export.read_weights(args.out))
    tokenizer = load_tokenizer(args.out / "tokenizer.model")
    train(model, tokenizer, args.minutes, args.rate, args.seed, lambda model: export.write_weights(model, args.out))


def check_model(args):
    from check import check
    return check(args.out, args.seed, args.count)


def make_all(args):
    make_tokenizer(args)
    make_weights(args)
    return check_model(args)


def main():
    steps = {"text": show_text, "tokenizer": make_tokenizer, "weights": make_weights, "check": check_model, "all": make_all}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=steps)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "model", help="the checkpoint's folder")
    parser.add_argument("--minutes", type=float, default=34, help="training time")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--resume", action="store_true", help="train on from the weights in the folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200, help="how many stories and chats to write or sample")
    args = parser.parse_args()
    return steps[args.step](args) or 0


if __name__ == "__main__":
    sys.exit(main())

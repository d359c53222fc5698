#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Answers the requests of grammar_probe.cpp with the package `xgrammar`. Usage: xgrammar_probe.py
import json
import sys
import time

import xgrammar

BYTES = [bytes([value]) for value in range(256)] + [b"</s>"]
INFO = xgrammar.TokenizerInfo(BYTES, vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[256])
COMPILER = xgrammar.GrammarCompiler(INFO, max_threads=1, cache_enabled=False)


def compiled(request):
    if "gbnf" in request:
        return COMPILER.compile_grammar(request["gbnf"])
    return COMPILER.compile_json_schema(request["schema"], strict_mode=not request.get("open", False))


def accepts(grammar, text):
    matcher = xgrammar.GrammarMatcher(grammar)
    return matcher.accept_string(text) and matcher.accept_token(256)


for line in sys.stdin:
    request = json.loads(line)
    begin = time.monotonic()
    try:
        grammar = compiled(request)
        seconds = time.monotonic() - begin
        answer = {"seconds": seconds, "accepts": [accepts(grammar, each) for each in request["texts"]]}
    except Exception as error:  # of several kinds
        answer = {"refusal": str(error).splitlines()[-1] if str(error) else type(error).__name__}
    print(json.dumps(answer), flush=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes pattern_cases.jsonl: schemas with random patterns, also negated and of names, texts that Cria's grammars
# for them generate and random ones, and whether each conforms with both Python's `re` (3.11) and JavaScript
# (Node, flag u unless the pattern is an error with it). The first schemas are listed here: their grammars accept
# all of the texts that conform ("exact"). PROBE is grammar_probe.cpp; texts that it accepts and that do not
# conform are listed on stderr. usage: make_pattern_cases.py PROBE > pattern_cases.jsonl
import collections
import json
import random
import re
import subprocess
import sys

SCHEMAS, SAMPLES, TEXTS = 300, 8, 6
SLOW = 0.1  # seconds for a grammar: other schemas are left out, to keep the test short
LONGEST = 16  # longer texts may take Python and Node exponential time
PLAIN = "a1_- é\u0663€\u2603"
SPECIAL = "\n\r\x1c\x85\u2028\ufeff\u212a\U0001f999"
CLASSES = ["\\d", "\\D", "\\w", "\\W", "\\s", "\\S"]
OCTALS = ["\\012", "\\0", "\\015", "\\00"]
BEYOND = ["", "a", "ab_1", "12", "€€", "\u2603", "\u0663", "é", "1 2", "\ufeff", "\x85", "\x1c", "a\ufeff", "\u3000",
          "_\n"]
LINES = ["", "a", "ab", "a\n", "a\n\n", "ab\n", "\r", "\u2028", "\n", "\x85", "-a", "-a\n"]
OCTAL = ["", "\n", "\n\n\n", "\n012", "\0", "\x0012", "\x00\x30", "\x01", "\x001", "\x008", "\x012", "012", "\n\n"]
FIXED = ([({"type": "string", "not": {"pattern": each}}, BEYOND)
          for each in ("\\W", "\\D", "\\s", "\\S", "[^\\w]", "[^\\s\\d]", "^[\\w\\W]$", "^[\\w€\u2603]+$", "^\\D\\d?$")] +
         [({"type": "string", "pattern": each}, BEYOND)
          for each in ("^(?!.*\\W)", "^(?!\\S)", "^[\\s\\S]$", "^[\\d\\D]+$", "^\\s*$", "^(?=\\d)(?!.*\\D$)")] +
         [({"type": "string", "not": {"pattern": each}}, LINES)
          for each in ("^a$", "a$", "^.$", "^.*$", "^a$\n$", "^(?:a$|b)\\s?$", "^-(?:a|(?=.b)a?b$)", "^(?!a$)", "^.b?$")] +
         [({"type": "string", "pattern": each}, OCTAL)
          for each in ("^[\\012]{3}$", "^\\012$", "^\\00$", "^\\01$", "^\\0$", "^\\08$", "^\\0012$", "^\\0012?$",
                       "^[\\12]+$")])
MATCH = """
const find = (pattern, texts) => {
  let regex;
  try { regex = new RegExp(pattern, "u"); } catch { regex = new RegExp(pattern); }
  return texts.map(text => regex.test(text));
};
const lines = require("fs").readFileSync(0, "utf8").trim().split("\\n");
console.log(JSON.stringify(lines.map(JSON.parse).map(([pattern, texts]) => find(pattern, texts))));
"""
random.seed(47)
chance = lambda probability: random.random() < probability


def character():
    return random.choice(PLAIN if chance(0.7) else SPECIAL)


def members():
    kinds = [random.choice(CLASSES), character().replace("-", "\\-"), "a-é", "\\012"]
    return "".join(random.choices(kinds, [5, 4, 1, 1], k=random.randint(1, 3)))


def atom(depth):
    kind = random.random()
    if kind < 0.3:
        return random.choice(CLASSES)
    if kind < 0.55:
        return random.choice(["[", "[^"]) + members() + "]"
    if kind < 0.65:
        return "."
    if kind < 0.7:
        return random.choice(OCTALS)
    return character() if depth == 0 or kind < 0.9 else f"(?:{alternatives(depth - 1)})"


def sequence(depth):
    quantifier = lambda: random.choice(["", "", "", "*", "+", "?", "{1,2}"])
    return "".join(atom(depth) + quantifier() for _ in range(random.randint(1, 3)))


def alternatives(depth):
    return "|".join(sequence(depth) for _ in range(1 + chance(0.2)))


def pattern():
    look = random.choice(["(?=", "(?!", "(?!.*"]) + sequence(0) + random.choice(["", "$"]) + ")"
    look = look if chance(0.2) else ""
    first = "^" if chance(0.7) else ""
    end = random.choice(["$", "$", "$\\s?", "$[^a]*", "(?:$|a)"]) if chance(0.7) else ""
    return first + look + alternatives(1) + end


def schema():
    kind = random.randrange(9)
    p, q = pattern(), pattern()
    names = {"patternProperties": {p: {"type": "integer"}},
             "additionalProperties": random.choice([False, {"type": "boolean"}])}
    return [{"type": "string", "pattern": p}, {"type": "string", "not": {"pattern": p}},
            {"type": "string", "pattern": p, "not": {"pattern": q}},
            {"type": "string", "oneOf": [{"pattern": p}, {"pattern": q}]},
            {"type": "string", "if": {"pattern": p}, "then": {"pattern": q}, "else": {"minLength": 2}},
            {"type": "object", **names}, {"type": "object", "not": {**names}},
            {"type": "object", "patternProperties": {p: {"type": "integer"}, q: {"type": "boolean"}}},
            {"type": "object", "propertyNames": {"not": {"pattern": p}},
             "oneOf": [names, {"maxProperties": 1}]}][kind]


TYPES = {"string": str, "object": dict, "boolean": bool}


def conforms(value, schema, finds):
    """Whether a value conforms, where finds(pattern, text) is a search."""
    if isinstance(schema, bool):
        return schema
    of = lambda keyword, value=value: conforms(value, schema[keyword], finds)
    kind = schema.get("type")
    if kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
        return False
    if kind in TYPES and not isinstance(value, TYPES[kind]):
        return False
    if "not" in schema and of("not"):
        return False
    if "oneOf" in schema and sum(conforms(value, each, finds) for each in schema["oneOf"]) != 1:
        return False
    if "if" in schema and not of("then" if of("if") else "else"):
        return False
    if isinstance(value, str):
        return finds(schema.get("pattern", ""), value) and len(value) >= schema.get("minLength", 0)
    if not isinstance(value, dict):
        return True
    for name, member in value.items():
        rules = [rule for regex, rule in schema.get("patternProperties", {}).items() if finds(regex, name)]
        rules = rules or [schema.get("additionalProperties", True)]
        if not all(conforms(member, rule, finds) for rule in rules):
            return False
    names = value if "propertyNames" in schema else ()
    return len(value) <= schema.get("maxProperties", 9) and all(of("propertyNames", name) for name in names)


def patterns_of(schema):
    if isinstance(schema, dict):
        own = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
        return own + list(schema.get("patternProperties", {})) + sum(map(patterns_of, schema.values()), [])
    return sum(map(patterns_of, schema), []) if isinstance(schema, list) else []


def strings_of(value):
    return [value] if isinstance(value, str) else list(value)


def javascript_of(rows):
    """Returns the verdicts of Node, by pattern and text."""
    texts = collections.defaultdict(set)
    for schema, values in rows:
        for each in patterns_of(schema) + [""]:
            texts[each].update(text for value in values for text in strings_of(value))
    requests = [[each, sorted(known)] for each, known in texts.items()]
    answers = subprocess.run(["node", "-e", MATCH], input="\n".join(map(json.dumps, requests)), capture_output=True,
                             text=True, check=True).stdout
    return {(each, text): verdict for (each, known), verdicts in zip(requests, json.loads(answers))
            for text, verdict in zip(known, verdicts)}


def random_value(schema):
    text = "".join(character() for _ in range(random.randint(0, 4)))
    if chance(0.2):
        text += "\n"
    return text if schema["type"] == "string" else {text: random.choice([1, True, "a"])}


def main():
    probe = subprocess.Popen(sys.argv[1:2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(request):
        probe.stdin.write(json.dumps(request) + "\n")
        probe.stdin.flush()
        return json.loads(probe.stdout.readline())

    refusals, rows = collections.Counter(), [(one, False, values) for one, values in FIXED]
    while len(rows) < SCHEMAS:
        one = schema()
        request = {"schema": json.dumps(one), "open": chance(0.5), "samples": SAMPLES,
                   "seed": random.randrange(1 << 30)}
        answer = ask(request)
        if "refusal" in answer:
            refusals[re.sub(".*: ", "", answer["refusal"])[:60]] += 1
            continue
        if answer["seconds"] > SLOW:
            continue
        samples = [json.loads(each) for each in answer["samples"] if each]
        samples = [each for each in samples if len(each) < 4 or isinstance(each, str)]
        samples = [each for each in samples if all(len(text) <= LONGEST for text in strings_of(each))]
        values = samples + [random_value(one) for _ in range(TEXTS)]
        has_octal = any("\\0" in each for each in patterns_of(one))  # read without the flag u
        if has_octal:
            values = [each for each in values if all(ord(c) < 0x10000 for t in strings_of(each) for c in t)]
        rows.append((one, request["open"], values))
    verdicts = javascript_of([(one, values) for one, _, values in rows])
    for i, (one, is_open, values) in enumerate(rows):
        both = lambda value: (conforms(value, one, lambda p, text: re.search(p, text) is not None) and
                              conforms(value, one, lambda p, text: verdicts[p, text]))
        texts = {json.dumps(value, ensure_ascii=False): both(value) for value in values}
        print(json.dumps({"schema": one, "open": is_open, "exact": i < len(FIXED), "texts": texts}))
        accepted = ask({"schema": json.dumps(one), "open": is_open, "texts": list(texts)})["accepts"]
        for (text, verdict), accepts in zip(texts.items(), accepted):
            if accepts != verdict and (accepts or i < len(FIXED)):
                problem = "CONFORMS, IS REFUSED" if verdict else "DOES NOT CONFORM"
                print(problem, ascii(text), json.dumps(one), file=sys.stderr)
    print(sum(refusals.values()), "refused:", json.dumps(refusals, indent=1), file=sys.stderr)


main()

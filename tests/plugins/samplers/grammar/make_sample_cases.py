#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes sample_cases.jsonl: random schemas of drafts 7, 2019-09 and 2020-12, texts that Cria's grammar for each
# of them generates, changed texts, and whether the package `jsonschema` (4.26.0) finds that they conform, with
# exact decimals and with the formats date and uuid as assertions. Of the changed texts, those that do not
# conform are kept. PROBE is grammar_probe.cpp. usage: make_sample_cases.py PROBE > sample_cases.jsonl
import collections
import decimal
import json
import random
import subprocess
import sys

import jsonschema

SCHEMAS, SAMPLES, CHANGES = 240, 5, 4
NAMES = ["a", "b", "cd"]
DRAFTS = {
    7: ("http://json-schema.org/draft-07/schema#", jsonschema.Draft7Validator),
    2019: ("https://json-schema.org/draft/2019-09/schema", jsonschema.Draft201909Validator),
    2020: ("https://json-schema.org/draft/2020-12/schema", jsonschema.Draft202012Validator),
}
decimal.getcontext().prec = 400
random.seed(31)
chance = lambda probability: random.random() < probability


class Generator:
    def __init__(self, draft):
        self.draft = draft
        self.definitions = "$defs" if draft >= 2019 else "definitions"
        self.references = [f"#/{self.definitions}/node", f"#/{self.definitions}/small"]
        self.references += ["#small"] + (["https://example.org/other"] if chance(0.5) else [])

    def number(self):
        schema = {"type": random.choice(["integer", "number", "number"])}
        if chance(0.6):
            schema["multipleOf"] = random.choice([2, 3, 10, 12, 25, 100, 1000, 0.5, 0.01, 0.25, 1.5, 0.003])
        for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if chance(0.25):
                low = keyword.lower().endswith("minimum")
                schema[keyword] = random.randint(-90, 5) / 4 if low else random.choice([7.5, 30, 1000, 20000.25])
        return schema

    def text(self):
        schema = {"type": "string"}
        if chance(0.3):
            schema["format"] = random.choice(["date", "uuid", "email"])
        if chance(0.3):
            schema["pattern"] = random.choice(["^a", "b$", "^[a-z]+$", "^(ab|x)", "[0-9]", "^[^a]*$", "^(?!a)"])
        for keyword, most in (("minLength", 3), ("maxLength", 12)):
            if chance(0.3):
                schema[keyword] = random.randint(0, most)
        return schema

    def listed(self):
        values = [1, 2.5, "a", "ab", None, True, -3, [], {}, [1, "a"], {"a": 1}, {"b": "x", "cd": 2}]
        return {"enum": random.sample(values, random.randint(1, 5))}

    def array(self, depth):
        schema = {"type": "array"}
        first = [self.any(depth - 1) for _ in range(random.randint(1, 2))]
        rest = random.choice([False, self.any(depth - 1)])
        if chance(0.4):
            schema["prefixItems" if self.draft == 2020 else "items"] = first
            if chance(0.7):
                schema["items" if self.draft == 2020 else "additionalItems"] = rest
        elif chance(0.8):
            schema["items"] = self.any(depth - 1)
        for keyword, most in (("minItems", 2), ("maxItems", 4)):
            if chance(0.4):
                schema[keyword] = random.randint(0, most)
        if chance(0.25):
            schema["uniqueItems"] = True
        if chance(0.2):
            schema["contains"] = self.any(0)
            if self.draft >= 2019 and chance(0.5):
                schema.update(minContains=random.randint(0, 1), maxContains=random.randint(1, 2))
        return schema

    def object(self, depth):
        schema = {"type": "object", "properties": {name: self.any(depth - 1) for name in NAMES if chance(0.8)}}
        if chance(0.6):
            schema["required"] = random.sample(NAMES + ["x"], random.randint(1, 2))
        if chance(0.4):
            schema["additionalProperties"] = random.choice([False, True, self.any(0)])
        if chance(0.2):
            schema["patternProperties"] = {random.choice(["^c", "y$", "^x"]): self.any(0)}
        if chance(0.15):
            schema["propertyNames"] = {"maxLength": random.randint(1, 2)}
        if chance(0.2):
            schema[random.choice(["maxProperties", "minProperties"])] = random.randint(1, 3)
        if chance(0.2):
            schema[random.choice(["dependentRequired", "dependencies"])] = {"a": ["b"]}
        if chance(0.1):
            schema[random.choice(["dependentSchemas", "dependencies"])] = {"b": {"required": ["a"]}}
        return schema

    def named(self):
        """An object whose names are few, or follow rules."""
        small = lambda: random.choice([{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "null"}, self.any(0)])
        schema = {"type": "object"}
        if chance(0.4):
            schema["properties"] = {"a": small()}
        if chance(0.4):
            schema["patternProperties"] = {random.choice(["^[ab]$", "^[abö]$", "^[a-c]{1,2}$"]): small()}
            schema["additionalProperties"] = random.choice([False, False, small()])
        else:
            schema["additionalProperties"] = small()
            schema["propertyNames"] = {"enum": random.choice([["a", "b"], ["a", "bb", "ö"], ["1", "10", "a", "b"]])}
        for keyword in ("minProperties", "maxProperties"):
            if chance(0.4):
                schema[keyword] = random.randint(1, 3) + (keyword == "maxProperties")
        witness = {random.choice(["^a", "b$"]): {"minimum": 5}}
        more = [{"not": {"patternProperties": witness}}, {"not": {"const": {"a": 1}}}, {"not": {"required": ["a"]}},
                {"oneOf": [{"minProperties": 2}, {"required": ["a"]}]}, {"not": {"additionalProperties": {"maximum": 4}}}]
        if chance(0.7):
            schema.update(random.choice(more))
        return schema

    def contained(self):
        """An array of which `contains` speaks of some items, before unevaluatedItems does."""
        schema = {"type": "array", "contains": random.choice([{"const": "z"}, {"type": "null"}]), "maxItems": 3}
        if chance(0.7):
            schema["prefixItems" if self.draft == 2020 else "items"] = [self.any(0)]
        return {**schema, "unevaluatedItems": random.choice([False, {"type": "boolean"}])}

    def unevaluated(self, depth):
        if chance(0.5):
            parts = [{"properties": {name: self.any(0)}, "required": [name]} for name in NAMES]
            schema = {"type": "object", "unevaluatedProperties": random.choice([False, self.any(0)])}
        else:
            keyword = "prefixItems" if self.draft == 2020 else "items"
            parts = [{keyword: [self.any(0) for _ in range(size)]} for size in (1, 2, 3)]
            schema = {"type": "array", "maxItems": 4, "unevaluatedItems": random.choice([False, self.any(0)])}
        schema[random.choice(["allOf", "anyOf"])] = random.sample(parts, 2)
        if chance(0.3):
            schema.update({"if": parts[0], "then": parts[1]})
        return schema

    def any(self, depth):
        kind = random.random()
        if kind < 0.2:
            return self.number()
        if kind < 0.35:
            return self.text()
        if kind < 0.45:
            return self.listed()
        if kind < 0.52:
            return {"$ref": random.choice(self.references)}
        if depth <= 0:
            return random.choice([True, {"type": "boolean"}, {"const": 1.5}, {"minLength": 2, "minimum": 3}])
        if kind < 0.62:
            return self.array(depth)
        if kind < 0.78:
            return self.object(depth)
        if kind < 0.84 and self.draft >= 2019:
            return self.unevaluated(depth)
        parts = [self.any(depth - 1) for _ in range(random.randint(2, 3))]
        if kind < 0.88:
            return {"anyOf": parts}
        if kind < 0.91:
            return {"allOf": parts}
        if kind < 0.95:
            return {"oneOf": parts}
        if kind < 0.96:
            return {"type": ["object", "array", "number"], "not": parts[0]}
        if kind < 0.98:
            return {"type": "object", "not": self.object(depth)}
        return {"if": parts[0], "then": parts[1], "else": parts[-1]}

    def schema(self):
        kind = random.random()
        inner = self.named() if kind < 0.25 else self.contained() if kind < 0.3 else self.any(2)
        schema = {"$schema": DRAFTS[self.draft][0], "allOf": [inner]}
        node = self.object(1)
        node["properties"]["next"] = {"$ref": f"#/{self.definitions}/node"}
        anchor = {"$anchor": "small"} if self.draft >= 2019 else {"$id": "#small"}
        other = {"$id": "https://example.org/other", "type": ["null", "boolean"]}
        schema[self.definitions] = {"node": node, "small": {**anchor, **self.number()}, "other": other}
        return schema


def is_integer(_, value):
    return not isinstance(value, bool) and isinstance(value, (int, decimal.Decimal)) and value == int(value)


def members(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name repeats")
    return dict(pairs)


def parse(text):
    return json.loads(text, parse_float=decimal.Decimal, object_pairs_hook=members)


def text_of(value):
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ", ".join(json.dumps(k) + ": " + text_of(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return json.dumps(value)


def changed(value):
    scalar = lambda: random.choice([None, True, 0, -7, decimal.Decimal("0.3"), 4, "", "a", "zz", [], {}, {"x": 1}])
    if isinstance(value, list) and value and chance(0.8):
        index = random.randrange(len(value))
        kind = random.random()
        middle = [] if kind < 0.3 else [value[index], scalar()] if kind < 0.6 else [changed(value[index])]
        return value[:index] + middle + value[index + 1:]
    if isinstance(value, dict) and value and chance(0.8):
        name = random.choice(list(value))
        kind = random.random()
        if kind < 0.3:
            return {other: each for other, each in value.items() if other != name}
        if kind < 0.6:
            return {**value, random.choice(NAMES + ["x", "xy"]): scalar()}
        return {**value, name: changed(value[name])}
    if isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool) and chance(0.7):
        return value + random.choice([1, -1, decimal.Decimal("0.5"), decimal.Decimal("0.001")])
    if isinstance(value, str) and chance(0.7):
        return value[1:] if chance(0.5) else value + random.choice(["0", "a"])
    return scalar()


def main():
    probe = subprocess.Popen(sys.argv[1:2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    refusals = collections.Counter()
    written = 0
    while written < SCHEMAS:
        draft = random.choice(list(DRAFTS))
        text = json.dumps(Generator(draft).schema())
        request = {"schema": text, "open": chance(0.7), "samples": SAMPLES, "seed": random.randrange(1 << 30)}
        probe.stdin.write(json.dumps(request) + "\n")
        probe.stdin.flush()
        answer = json.loads(probe.stdout.readline())
        if "refusal" in answer:
            refusals[answer["refusal"].split("': ")[-1][:60]] += 1
            continue
        kind = jsonschema.validators.extend(
            DRAFTS[draft][1], type_checker=DRAFTS[draft][1].TYPE_CHECKER.redefine("integer", is_integer))
        formats = jsonschema.FormatChecker(formats=["date", "uuid"])
        validator = kind(parse(text), format_checker=formats)
        samples = [each for each in answer["samples"] if each]
        for each in samples:
            try:
                parse(each)
            except ValueError as error:
                print("A DEAD END, OR A NAME REPEATS", error, each, text, file=sys.stderr)
        changes = {text_of(changed(parse(each))) for each in samples for _ in range(CHANGES)}
        texts = {each: validator.is_valid(parse(each)) for each in samples}
        texts.update({each: False for each in sorted(changes - set(texts)) if not validator.is_valid(parse(each))})
        print(json.dumps({"schema": json.loads(text), "open": request["open"], "texts": texts}, ensure_ascii=False))
        written += 1
        for each in samples:
            if not texts[each]:
                print("DOES NOT CONFORM", each, text, file=sys.stderr)
    print(sum(refusals.values()), "refused:", json.dumps(refusals, indent=1), file=sys.stderr)


main()

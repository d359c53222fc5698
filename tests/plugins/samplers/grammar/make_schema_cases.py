#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes schema_cases.jsonl: random schemas, documents, and whether the package `jsonschema` (4.26.0, draft
# 2020-12) finds that each document conforms. Usage: make_schema_cases.py > schema_cases.jsonl
import json
import random

import jsonschema

random.seed(20)
NAMES = ["a", "b", "cd"]
TEXTS = ["", "a", "ab", "abc", "b1", "x-y", "\u00e4\u00f6", "a b", "1999-02-28", "\U0001f999"]
PATTERNS = ["^a", "b$", "^[a-z]+$", "^(ab|x)", "[0-9]", "^[^a]*$", "^.{2}$", "^(?!a)"]


def number():
    value = random.choice([random.randint(-12, 30), random.randint(-3, 4), random.randint(-40, 90) / 10])
    return int(value) if value == int(value) else value


def scalar():
    return random.choice([None, True, False, number(), number(), random.choice(TEXTS), random.choice(TEXTS)])


def some(*choices):
    return [each for each in choices if random.random() < 0.4]


def number_schema(exact):
    schema = {"type": random.choice(["integer", "number"])}
    for keyword in some("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        schema[keyword] = number()
    if random.random() < 0.3:
        schema["multipleOf"] = random.choice([2, 3, 5, 7])
    return schema


def text_schema(exact):
    schema = {"type": "string"}
    for keyword in some("minLength", "maxLength"):
        schema[keyword] = random.randint(0, 4)
    if random.random() < 0.4:
        schema["pattern"] = random.choice(PATTERNS)
    return schema


def array_schema(exact, depth):
    schema = {"type": "array"}
    if random.random() < 0.3:
        schema["prefixItems"] = [any_schema(exact, depth - 1) for _ in range(random.randint(1, 2))]
    if random.random() < 0.7:
        schema["items"] = any_schema(exact, depth - 1) if random.random() < 0.85 else False
    for keyword in some("minItems", "maxItems"):
        schema[keyword] = random.randint(0, 3)
    if not exact and random.random() < 0.25:
        schema["contains"] = any_schema(True, 0)
        if random.random() < 0.4:
            schema["maxContains"] = random.randint(1, 2)
    if not exact and random.random() < 0.2:
        schema["items"] = {"enum": random.sample([1, 2, "a", None, True], 3)}
        schema.pop("prefixItems", None)
        schema.pop("contains", None)
        schema["uniqueItems"] = True
    return schema


def object_schema(exact, depth):
    schema = {"type": "object", "properties": {}}
    for name in NAMES:  # all of them, so that their order is that of the documents
        schema["properties"][name] = any_schema(exact, depth - 1) if random.random() < 0.6 else True
    if random.random() < 0.6:
        schema["required"] = random.sample(NAMES + ["x"], random.randint(1, 2))
    if random.random() < 0.4:
        schema["additionalProperties"] = random.choice([False, True, {"type": "integer"}])
    if random.random() < 0.2:
        schema["patternProperties"] = {random.choice(["^c", "y$", "^x"]): any_schema(True, 0)}
    if random.random() < 0.15:
        schema["propertyNames"] = {"maxLength": random.randint(1, 2)}
    if random.random() < 0.2:
        schema["maxProperties"] = random.randint(0, 3)
    if random.random() < 0.1:
        schema["minProperties"] = random.randint(1, 5)
    if not exact and random.random() < 0.15:
        schema["dependentRequired"] = {"a": ["b"]}
    if not exact and random.random() < 0.1:
        schema["unevaluatedProperties"] = False
    return schema


def any_schema(exact=False, depth=2):
    """A schema; `exact`: one whose negation is exact, too."""
    kind = random.random()
    if kind < 0.2:
        return number_schema(exact)
    if kind < 0.4:
        return text_schema(exact)
    if kind < 0.5:
        schema = {"enum": random.sample([1, 2.5, "a", "ab", None, True, -3, "b1"], random.randint(1, 4))}
        if random.random() < 0.4:
            schema["type"] = random.choice(["string", "integer", "number", ["null", "boolean"]])
        return schema
    if kind < 0.55:
        return {"type": random.sample(["null", "boolean", "string", "integer"], 2), "maxLength": 2, "minimum": 1}
    if depth == 0:
        return random.choice([{"const": scalar()}, {"type": "boolean"}, {"type": "null"}, True, {"minLength": 2}])
    if kind < 0.65:
        return array_schema(exact, depth)
    if kind < 0.8:
        return object_schema(exact, depth)
    parts = lambda exact: [any_schema(exact, depth - 1) for _ in range(2)]
    if kind < 0.85:
        return {"anyOf": parts(exact)}
    if kind < 0.9:
        return {"allOf": [{"type": ["integer", "string", "object"]}] + parts(exact)}
    if kind < 0.94:
        return {"oneOf": parts(True)}
    if kind < 0.955:
        return {"not": any_schema(True, 1)}
    if kind < 0.97:
        return {"type": "object", "properties": {name: {} for name in NAMES}, "not": object_schema(True, 1)}
    return {"if": any_schema(True, 1), "then": any_schema(exact, 1), "else": any_schema(exact, 1)}


def document(schema, depth=2):
    """A value that often conforms."""
    if isinstance(schema, dict) and random.random() < 0.9:
        for keyword in ("anyOf", "oneOf", "allOf"):
            if keyword in schema:
                return document(random.choice(schema[keyword]), depth)
        if "enum" in schema and random.random() < 0.8:
            return random.choice(schema["enum"])
        for keyword in ("then", "else"):
            if keyword in schema and random.random() < 0.5:
                return document(schema[keyword], depth)
        if schema.get("type") == "array":
            first = [document(each, depth - 1) for each in schema.get("prefixItems", [])]
            more = [document(schema.get("items", True), depth - 1) for _ in range(random.randint(0, 3))]
            return first + more
        if schema.get("type") == "object":
            members = {}
            for name in NAMES + ["x", "xy"]:
                if random.random() < (0.7 if name in NAMES else 0.15):
                    members[name] = document(schema.get("properties", {}).get(name, {"type": "integer"}), depth - 1)
            return members
        if schema.get("type") in ("integer", "number"):
            return number()
        if schema.get("type") == "string":
            return random.choice(TEXTS)
    if depth > 0 and random.random() < 0.15:
        return random.choice([[], {}, [scalar()], {"a": scalar()}, [scalar(), scalar()]])
    return scalar()


# ---- Several `contains` for an array ----


def containing_schema():
    schema = {"type": "array", "allOf": []}
    for _ in range(random.randint(2, 3)):
        part = {"contains": any_schema(True, 0)}
        if random.random() < 0.5:
            part["maxContains"] = random.randint(1, 2)
        if random.random() < 0.3:
            part["minContains"] = random.randint(0, part.get("maxContains", 2))
        schema["allOf"].append(random.choice([part, part, {"not": {"items": any_schema(True, 0)}}]))
    if random.random() < 0.3:
        schema["items"] = any_schema(True, 0)
    if random.random() < 0.2:
        schema["prefixItems"] = [any_schema(True, 0)]
    if random.random() < 0.3:
        schema["maxItems"] = random.randint(2, 4)
    return schema


def containing_document(schema):
    parts = [part.get("contains") for part in schema["allOf"]]
    return [document(random.choice(parts + [True]), 0) for _ in range(random.randint(0, 4))]


# ---- Items that differ, of values that cannot be listed ----

POOLS = {  # schemas of items, and values many of which are equal in another spelling
    "{}": ["1", "1.0", "10e-1", "true", "0", "-0", "false", "null", '"a"', '"\\u0061"', '"1"', "[1]", "[1.0 ]", "[]", "{}",
           '{"a": 1, "b": [2]}', '{"b": [2.0], "a": 1}', '{"a": 1}', "[[1], 1]", "[1, 1]"],
    '{"type": "string"}': ['"\u00e4"', '"\\u00E4"', '"a/b"', '"a\\/b"', '"\U0001f999"', '"\\ud83e\\udd99"', '"\\n"',
                           '"\\u000a"', '""', '" "', '"\\""', '"\\u0022"'],
    '{"type": "number"}': ["2", "2.0", "20e-1", "0.2E1", "1e1", "10", "0.1", "1e-1", "0", "-0.0", "100", "1E+2", "-2"],
    '{"type": "object", "properties": {"a": {}, "b": {"type": "number"}}, "required": ["a"]}':
        ['{"a": "x", "b": 1}', '{"a":"x","b":1.0}', '{"a": "\\u0078", "b": 1}', '{"a": []}', '{"a": [ ]}', '{"a": 1}',
         '{"a": {"c": 1, "d": 2}}', '{"a": {"d": 2, "c": 1}}'],
    '{"type": "array", "items": {"type": "string", "maxLength": 1}, "uniqueItems": true}':
        ["[]", '["a"]', '["\\u0061"]', '["a", "b"]', '["b", "a"]', '["a", "a"]', '["a","b"]'],
    '{"enum": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "a", "b", null]}': ["1", "2", '"a"', "null", "3", "9"],
}


def distinct_schema():
    items, pool = random.choice(list(POOLS.items()))
    schema = {"type": "array", "items": json.loads(items), "uniqueItems": True}
    for keyword in some("minItems", "maxItems"):
        schema[keyword] = random.randint(1, 3)
    if random.random() < 0.3:
        schema["contains"] = random.choice([{"type": "boolean"}, {"type": "string"}, {"type": "null"}, {"type": "object"}])
    if random.random() < 0.2:
        schema["prefixItems"] = [random.choice([{"type": "string"}, {"type": "null"}, json.loads(items)])]
    if random.random() < 0.2:  # the same array without the condition, if it is longer
        schema = {"anyOf": [schema, {"type": "array", "items": json.loads(items), "minItems": 3}]}
    return schema, pool


def main():
    for _ in range(400):
        schema = any_schema()
        validator = jsonschema.Draft202012Validator(schema)
        texts = {}
        for _ in range(14):
            value = document(schema)
            texts[json.dumps(value, ensure_ascii=False)] = validator.is_valid(value)
        print(json.dumps({"schema": schema, "documents": texts}, ensure_ascii=False))
    for _ in range(100):
        schema = containing_schema()
        validator = jsonschema.Draft202012Validator(schema)
        values = [containing_document(schema) for _ in range(20)]
        texts = {json.dumps(value, ensure_ascii=False): validator.is_valid(value) for value in values}
        print(json.dumps({"schema": schema, "documents": texts}, ensure_ascii=False))
    for _ in range(100):
        schema, pool = distinct_schema()
        validator = jsonschema.Draft202012Validator(schema)
        texts = {}
        for _ in range(20):
            items = random.sample(pool, random.randint(0, 3)) + ([random.choice(pool)] if random.random() < 0.3 else [])
            text = "[" + ", ".join(items) + "]"
            texts[text] = validator.is_valid(json.loads(text))
        print(json.dumps({"schema": schema, "documents": texts}, ensure_ascii=False))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Measures how much of JSON Schema an engine covers, on JSON-Schema-Test-Suite (github.com/json-schema-org) and
# on MaskBench, the instances of JSONSchemaBench (github.com/guidance-ai/jsonschemabench, folder maskbench/data).
#
# A schema is covered if it compiles within 10 seconds and every valid instance is accepted once its properties
# are in the order of the schema; one that has no valid instance may be refused. PROGRAM answers the requests
# that grammar_probe.cpp describes, with the documents of the suite's folder `remotes` that belong to the draft.
# With --vocabulary, it also prints the time of the masks of tokens. An invalid instance of MaskBench that only
# fails a format, which is an annotation, is left out, by the package jsonschema.
#
# usage: measure_schemas.py [--suite FOLDER] [--bench FOLDER] [--open] [--sample N] [--list] [--vocabulary MODEL]
#          PROGRAM...
#   --open: objects that declare properties may have others; --list: the schemas that are not covered, by reason
#   MODEL: a tokenizer.model of SentencePiece
# example: measure_schemas.py --suite JSON-Schema-Test-Suite --bench jsonschemabench build/bin/grammar-probe
import argparse
import collections
import itertools
import json
import pathlib
import random
import re
import statistics
import subprocess
import tempfile
import threading

import jsonschema

SECONDS = 10  # to compile a schema; the texts have three times as much
ORDERS = 120  # of the properties of one instance
DRAFTS = {"draft2020-12": "https://json-schema.org/draft/2020-12/schema",
          "draft7": "http://json-schema.org/draft-07/schema#"}
REMOTES = "http://localhost:1234/"
COMBINING = ("allOf", "anyOf", "oneOf")


class Number(float):
    """A number as the file spells it."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self):
        return self.text



def text_of(value):
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(json.dumps(k, ensure_ascii=False) + ": " + text_of(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class Engine:
    """A program that answers requests; started again when it crashes or takes too long."""

    def __init__(self, command):
        self.command = command
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)

    def ask(self, **request):
        timer = threading.Timer(4 * SECONDS, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        timer.cancel()
        if not line.endswith(b"\n"):  # it may be killed while it writes
            self.process.kill()
            self.process.wait()
            self.start()
            return {"refusal": "crash, or no answer in time"}
        return json.loads(line)


# ---- Orders of properties ----


def target(root, reference):
    """The schema that a reference into the same document points to; None if it is none."""
    if not reference.startswith("#"):
        return None
    at = root
    for part in reference[1:].split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        at = at[int(part)] if isinstance(at, list) else at.get(part) if isinstance(at, dict) else None
    return at


def applied(root, schemas):
    """The schemas that apply to the same value, with those that they refer to or combine."""
    found, left = [], list(schemas)
    while left:
        schema = left.pop(0)
        if not isinstance(schema, dict) or any(schema is each for each in found):
            continue
        found.append(schema)
        more = [each for keyword in COMBINING for each in schema.get(keyword, [])]
        more += [schema.get(keyword) for keyword in ("if", "then", "else")]
        more += schema.get("dependentSchemas", {}).values()
        if isinstance(schema.get("$ref"), str):
            more.append(target(root, schema["$ref"]))
        left += more
    return found


def ordered(root, schemas, value, isRequiredFirst):
    """The value with the properties of its objects in the order in which the schemas declare them."""
    schemas = applied(root, schemas)
    if isinstance(value, list):
        result = []
        for index, item in enumerate(value):
            inner = []
            for schema in schemas:
                prefix = schema.get("prefixItems", schema.get("items"))
                isPrefix = isinstance(prefix, list) and index < len(prefix)
                rest = schema.get("additionalItems") if isinstance(schema.get("items"), list) else schema.get("items")
                inner.append(prefix[index] if isPrefix else rest)
                inner.append(schema.get("contains"))
            result.append(ordered(root, inner, item, isRequiredFirst))
        return result
    if not isinstance(value, dict):
        return value
    declared = [name for schema in schemas for name in schema.get("properties", {})]
    required = [name for schema in schemas for name in schema.get("required", []) if isinstance(name, str)] \
        if all(isinstance(schema.get("required", []), list) for schema in schemas) else []
    names = [name for name in declared if name in required] if isRequiredFirst else []
    names = dict.fromkeys(names + declared + required + list(value))
    result = {}
    for name in names:
        if name in value:
            inner = [each for schema in schemas for each in schemas_of(schema, name)]
            result[name] = ordered(root, inner, value[name], isRequiredFirst)
    return result


def schemas_of(schema, name):
    found = [schema.get("properties", {}).get(name), schema.get("additionalProperties")]
    for pattern, each in schema.get("patternProperties", {}).items():
        try:
            found += [each] if re.search(pattern, name) else []
        except re.error:
            found.append(each)
    return found


def permutations(value):
    if isinstance(value, dict):
        for names in itertools.permutations(value):
            for values in itertools.product(*[list(itertools.islice(permutations(value[n]), 24)) for n in names]):
                yield dict(zip(names, values))
    elif isinstance(value, list):
        for items in itertools.product(*[list(itertools.islice(permutations(each), 24)) for each in value]):
            yield list(items)
    else:
        yield value


def size(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return 1 + sum(map(size, inner))


def texts_of(schema, value):
    """The instance as given, in the orders of the schema, and, if it is small, in every order."""
    values = [value]
    try:
        values += [ordered(schema, [schema], value, isFirst) for isFirst in (False, True)]
    except (AttributeError, TypeError, KeyError, IndexError, ValueError, RecursionError):
        pass  # a schema that is odd, such as properties named like keywords
    if size(value) <= 12:
        values += itertools.islice(permutations(value), ORDERS)
    return list(dict.fromkeys(map(text_of, values)))


# ---- Why a valid instance is refused ----


def numbers(value):
    if isinstance(value, (dict, list)):
        return [each for inner in (value.values() if isinstance(value, dict) else value) for each in numbers(inner)]
    return [value] if isinstance(value, Number) or (isinstance(value, int) and not isinstance(value, bool)) else []


def plain(value):
    """The value with its numbers spelled without exponents and needless zeros."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Number):
        return int(value) if value == int(value) else Number("%.15g" % value)
    return value


def reason_of(engine, schema, value, request):
    """Why the engine rejects a valid instance."""
    if any(isinstance(each, Number) for each in numbers(value)):
        if any(engine.ask(texts=texts_of(schema, plain(value)), **request).get("accepts", [])):
            return "spelling of numbers"
    if any(isinstance(each, Number) and "e" in each.text.lower() or abs(each) >= 1e16 for each in numbers(value)):
        return "size of numbers"
    has_objects = isinstance(value, (dict, list)) and '": ' in text_of(value)
    return "order of properties, or properties that are not declared" if has_objects else "other"


# ---- Suites ----


def remotes(folder, draft):
    """The documents that the suite serves at REMOTES: those of the draft, and those of no draft."""
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.json"))]
    kept = [path for path in paths if path.parts[0] == draft or not re.match("draft|v[0-9]", path.parts[0])]
    return text_of({REMOTES + path.as_posix(): read(folder / path) for path in kept})


def of_suite(folder):
    for draft, uri in DRAFTS.items():
        documents = remotes(folder / "remotes", draft)
        for path in sorted((folder / "tests" / draft).glob("*.json")):
            for group in read(path):
                schema = group["schema"]
                if isinstance(schema, dict):
                    schema = {"$schema": uri, **schema}
                yield draft, f"{path.stem}: {group['description']}", schema, documents, group["tests"]


def of_bench(folder, most):
    paths = sorted((folder / "maskbench" / "data").glob("*.json"))
    if most:
        paths = sorted(random.Random(1).sample(paths, min(most, len(paths))))
    for path in paths:
        case = read(path)
        family = re.split(r"_|---", path.stem)[0]
        yield family, path.name, case["schema"], "", [test for test in case["tests"] if not fails_formats(case["schema"], test)]


def fails_formats(schema, test):
    """Whether an instance is called invalid and conforms but for formats."""
    if test["valid"] or "\"format\"" not in text_of(schema):
        return False
    try:
        default = jsonschema.Draft202012Validator
        return jsonschema.validators.validator_for(schema, default=default)(schema).is_valid(test["data"])
    except Exception:  # a schema that the package does not read
        return False


def read(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Number)


# ---- Results ----


class Tally:
    def __init__(self):
        self.schemas = self.compiled = self.covered = self.exact = self.wrong_accepts = 0
        self.refused = collections.Counter()
        self.rejected = collections.Counter()
        self.cases = []

    def add(self, other):
        for name in ("schemas", "compiled", "covered", "exact", "wrong_accepts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def print(self, name, lists):
        percent = 100 / max(self.schemas, 1)
        print(f"{name}: {self.schemas} schemas, {self.compiled * percent:.1f} % compile, "
              f"{self.covered * percent:.1f} % covered, {self.exact * percent:.1f} % covered without a wrong accept; "
              f"{self.wrong_accepts} wrong accepts", flush=True)
        if lists:
            for kind, counter in ("refused", self.refused), ("rejects", self.rejected):
                for reason, count in counter.most_common():
                    print(f"  {kind} {count}: {reason}")
            for case in self.cases:
                print("   ", case)


def kind_of(refusal):
    """A refusal without what differs from schema to schema."""
    return re.sub(r"'[^']*'|#\S*|\d+", "*", refusal.split("': ", 1)[-1])[:90]


def judge(engine, tally, name, schema, documents, tests, isOpen, masks):
    request = {"schema": text_of(schema), "documents": documents, "open": isOpen}
    texts, owners = [], []
    for index, test in enumerate(tests):
        each = texts_of(schema, test["data"])
        texts += each
        owners += [index] * len(each)
    answer = engine.ask(texts=texts, **request)
    masks += [time for text in answer.get("masks", []) for time in text]
    tally.schemas += 1
    if "refusal" in answer or answer["seconds"] > SECONDS:
        isRight = not any(test["valid"] for test in tests) and bool(tests)
        tally.covered += isRight
        tally.exact += isRight
        if not isRight:
            reason = " ".join(answer.get("refusal", "too slow").split())
            tally.refused[kind_of(reason)] += 1
            tally.cases.append(f"refused {name}: {reason[:160]}")
        return
    tally.compiled += 1
    accepted = {owner for owner, isAccepted in zip(owners, answer["accepts"]) if isAccepted}
    wrong = [test for index, test in enumerate(tests) if index in accepted and not test["valid"]]
    missing = [test for index, test in enumerate(tests) if index not in accepted and test["valid"]]
    tally.covered += not missing
    tally.exact += not missing and not wrong
    tally.wrong_accepts += len(wrong)
    for test in wrong:
        tally.cases.append(f"WRONG ACCEPT {name}: {text_of(test['data'])[:200]}")
    for test in missing:
        reason = reason_of(engine, schema, test["data"], request)
        tally.rejected[reason] += 1
        tally.cases.append(f"rejects {name}: {test.get('description', '')[:60]} ({reason}): {text_of(test['data'])[:200]}")


# ---- Vocabularies ----


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """The fields of a protocol buffer, as pairs of number and value."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            length, at = varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def vocabulary_of(model):
    """Lines of grammar_probe's VOCABULARY: kind and bytes of each token."""
    lines = []
    for number, message in fields(pathlib.Path(model).read_bytes()):
        if number != 1:
            continue
        piece = dict(fields(message))
        text, kind = piece[1].decode(), {2: 1, 3: 2, 5: 4, 6: 3}.get(piece.get(3, 1), 0)
        data = bytes([int(text[3:5], 16)]) if kind == 3 else text.replace("\u2581", " ").encode()
        lines.append(f"{kind} {data.hex() if kind in (0, 3) else ''}\n")
    return "".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", type=pathlib.Path)
    parser.add_argument("--bench", type=pathlib.Path)
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--vocabulary")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w") as vocabulary:
        command = options.program
        if options.vocabulary:
            vocabulary.write(vocabulary_of(options.vocabulary))
            vocabulary.flush()
            command = command + [vocabulary.name]
        engine, masks, tallies = Engine(command), [], collections.defaultdict(Tally)
        cases = itertools.chain(of_suite(options.suite) if options.suite else (),
                                of_bench(options.bench, options.sample) if options.bench else ())
        for family, name, schema, documents, tests in cases:
            judge(engine, tallies[family], name, schema, documents, tests, options.open, masks)
    for family, tally in tallies.items():
        tally.print(family, options.list)
    bench = Tally()
    for family, tally in tallies.items():
        if family not in DRAFTS:
            bench.add(tally)
    if bench.schemas:
        bench.print("MaskBench", False)
    if masks:
        masks.sort()
        print(f"masks: {len(masks)} tokens, median {statistics.median(masks):.1f} us, "
              f"90 % {masks[len(masks) * 9 // 10]:.1f} us, 99 % {masks[len(masks) * 99 // 100]:.1f} us")


main()

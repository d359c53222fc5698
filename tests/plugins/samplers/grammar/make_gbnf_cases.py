#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes gbnf_cases.jsonl: grammars, hand-written and random, with what llama.cpp's own reader and matcher say of
# them (llama_cpp_probe.cpp, with the sources in llama-cpp-python 0.3.36): whether the grammar is read, and which
# texts it accepts. Usage: make_gbnf_cases.py LLAMA_CPP_PROBE > gbnf_cases.jsonl
import json
import random
import subprocess
import sys
import tempfile
import threading

random.seed(7)
NAMES = ["root", "a", "b-c", "d2"]
ALPHABET = ["a", "b", "1", "-", " ", "\n", "\"", "]", "\\", "\u00e4", "\U0001f999"]

# Grammars and, after each, texts that matter for it.
WRITTEN = [
    ('root ::= "cat"', ["cat", "ca", "cats", ""]),
    ('root ::= "a" | "b" |', ["", "a", "b", "ab"]),
    ('root ::= | "a"', ["", "a"]),
    ('root ::= "a"\n  | "b"', ["a", "b"]),
    ('root ::= "a" |\n  "b"', ["a", "b"]),
    ('root ::=\n  "a"', ["a"]),
    ('root ::= "a"\n"b"', ["ab", "a"]),
    ('root ::= ("a"\n"b")', ["ab", "a"]),
    ('root ::= ("a"\n| "b"\n)', ["b", "a"]),
    ('root ::= "a" # note\n# another\nx ::= "b"', ["a"]),
    ('# note\nroot ::= "a"', ["a"]),
    ('\n\nroot ::= "a"\n\n', ["a"]),
    ('\ufeffroot ::= "a"', ["a"]),
    ('root ::= "a"\r\n', ["a"]),
    ('root ::= a\r\na ::= "x"\r\n', ["x"]),
    ('root ::= a\ra ::= "x"', ["x"]),
    (' root ::= "a"', ["a"]),
    ('\troot\t::=\t"a"', ["a"]),
    ('root::="a"', ["a"]),
    ('root : := "a"', ["a"]),
    ('root := "a"', ["a"]),
    ('root = "a"', ["a"]),
    ('root ::= "a" root ::= "b"', ["a"]),
    ('root ::= a b\na ::= "x"\nb ::= "y"', ["xy", "x"]),
    ('root ::= a_b\na_b ::= "x"', ["x"]),
    ('a_b ::= "x"\nroot ::= a_b', ["x"]),
    ('root ::= a-b\na-b ::= "x"', ["x"]),
    ('root ::= 1a\n1a ::= "x"', ["x"]),
    ('root ::= -\n- ::= "x"', ["x"]),
    ('root ::= "a"\nroot ::= "b"', ["a", "b"]),
    ('root ::= x', ["x"]),
    ('start ::= "a"', ["a"]),
    ('root ::= unused\nunused ::= "a"\nother ::= missing', ["a"]),
    ('root ::= "a"\nother ::= other2', ["a"]),
    ("", [""]),
    ("# only a note", [""]),
    ("root", []),
    ("root ::=", ["", "a"]),
    ('root ::= ""', ["", "a"]),
    ("root ::= ()", ["", "a"]),
    ('root ::= ( ) "a"', ["a"]),
    ('root ::= ("a"', ["a"]),
    ('root ::= "a")', ["a"]),
    ('root ::= "a', ["a"]),
    ('root ::= [a', ["a"]),
    ("root ::= []", ["", "a"]),
    ("root ::= [^]", ["a", "]"]),
    ('root ::= []a]', ["a"]),
    ("root ::= [^a]", ["a", "b", "\n", "\u00e4"]),
    ("root ::= [a^]", ["a", "^"]),
    ("root ::= [a-c]", ["a", "b", "c", "d", "-"]),
    ("root ::= [a-]", ["a", "-", "b"]),
    ("root ::= [-a]", ["a", "-", "b"]),
    ("root ::= [+--]", ["+", ",", "-", "."]),
    ("root ::= [a-c-e]", ["a", "b", "-", "e", "d"]),
    ("root ::= [c-a]", ["a", "b", "c", "-"]),
    ("root ::= [a\\-c]", ["a", "-", "b", "c"]),
    ('root ::= [\\]"]', ["]", '"', "\\"]),
    ("root ::= [\\[\\]]", ["[", "]"]),
    ("root ::= [[]", ["["]),
    ("root ::= [\\n\\t\\r]", ["\n", "\t", "\r", "n"]),
    ("root ::= [\\x41-\\x43]", ["A", "B", "D"]),
    ("root ::= [\\u00e0-\\u00ff]", ["\u00e4", "a"]),
    ("root ::= [\\U0001F999]", ["\U0001f999", "a"]),
    ("root ::= [\u00e0-\u00ff]", ["\u00e4", "a"]),
    ("root ::= [^\u00e4]", ["\u00e4", "\u00f6", "a"]),
    ("root ::= .", ["a", "\n", "\u00e4", "\U0001f999", ""]),
    ("root ::= ...", ["abc", "ab"]),
    ("root ::= .*", ["", "abc"]),
    ('root ::= "\\""', ['"']),
    ('root ::= "\\\\"', ["\\"]),
    ('root ::= "\\n"', ["\n", "n"]),
    ('root ::= "\\x4a\\u004B"', ["JK"]),
    ('root ::= "\\U0001f999"', ["\U0001f999"]),
    ('root ::= "\\x4"', ["\x04"]),
    ('root ::= "\\u12"', ["\x12"]),
    ('root ::= "\\U00110000"', ["a"]),
    ('root ::= "\\q"', ["q"]),
    ('root ::= "\\/"', ["/"]),
    ("root ::= \"\\'\"", ["'"]),
    ('root ::= "\\[\\]\\-"', ["[]-"]),
    ('root ::= "\\^"', ["^"]),
    ("root ::= [\\^a]", ["^", "a"]),
    ('root ::= "\\f"', ["\f"]),
    ('root ::= "\\d"', ["d", "1"]),
    ('root ::= "a\nb"', ["a\nb"]),
    ("root ::= 'a'", ["a"]),
    ('root ::= "a"*', ["", "a", "aaa", "b"]),
    ('root ::= "a"+', ["", "a", "aaa"]),
    ('root ::= "a"?', ["", "a", "aa"]),
    ('root ::= "a" *', ["", "a", "aaa"]),
    ('root ::= "a"\n*', ["", "a", "aaa"]),
    ('root ::= ("a"\n*)', ["", "a", "aaa"]),
    ('root ::= "ab"*', ["", "ab", "abab", "abb"]),
    ('root ::= "ab"?', ["", "ab", "a"]),
    ('root ::= [ab]+ "c"', ["abc", "c"]),
    ('root ::= ("a" | "b")* "c"', ["abc", "c", "ac"]),
    ('root ::= "a"**', ["", "aa"]),
    ('root ::= "a"*?', ["", "a"]),
    ('root ::= "a"+?', ["", "a"]),
    ('root ::= "a"?+', ["", "a"]),
    ('root ::= ("a"*)*', ["", "aa"]),
    ('root ::= ("a"?)*', ["", "aa"]),
    ('root ::= ("a"?)+', ["", "aa"]),
    ('root ::= ("")*', ["", "a"]),
    ('root ::= ""*', ["", "a"]),
    ('root ::= ws* "x"\nws ::= " "?', ["x", "  x"]),
    ('root ::= ("" | "a")* "b"', ["b", "aab"]),
    ('root ::= *', [""]),
    ('root ::= "a" | *', ["a"]),
    ('root ::= (*)', [""]),
    ('root ::= "a"{3}', ["aaa", "aa", "aaaa"]),
    ('root ::= "a"{2,}', ["a", "aa", "aaaaa"]),
    ('root ::= "a"{1,3}', ["", "a", "aaa", "aaaa"]),
    ('root ::= "a"{0,2}', ["", "aa", "aaa"]),
    ('root ::= "a"{,2}', ["", "aa"]),
    ('root ::= "a"{}', ["", "a"]),
    ('root ::= "a"{0}', ["", "a"]),
    ('root ::= "a"{0} "b"', ["b", "ab"]),
    ('root ::= "a"{0,0} "b"', ["b", "ab"]),
    ('root ::= "a"{0,}', ["", "aa"]),
    ('root ::= "a"{3,1}', ["a", "aaa", ""]),
    ('root ::= "a"{2', ["aa"]),
    ('root ::= "a"{ 2 , 3 }', ["aa", "aaa", "a"]),
    ('root ::= "a" {2}', ["aa", "a"]),
    ('root ::= "a"{2}{2}', ["aaaa", "aa"]),
    ('root ::= "a"{2}*', ["", "aa", "aaa"]),
    ('root ::= "a"{-1}', ["a"]),
    ('root ::= "a"{x}', ["a"]),
    ('root ::= "ab"{2}', ["abab", "abb"]),
    ('root ::= "a"{2}"b"', ["aab"]),
    ('root ::= ("a" "b"){2,3} "c"', ["ababc", "abc", "abababc"]),
    ('root ::= ("a"?){3}', ["", "a", "aaa", "aaaa"]),
    ('root ::= root', ["a"]),
    ('root ::= root "a" | "a"', ["a", "aa"]),
    ('root ::= "a" root | ""', ["", "aaa"]),
    ('root ::= "a" root', ["aaa"]),
    ('root ::= a\na ::= b\nb ::= a | "x"', ["x"]),
    ('root ::= a "x"\na ::= "" | root', ["x", "xx"]),
    ('root ::= a? root | "x"\na ::= "y"', ["x", "yx"]),
    ('root ::= "(" root ")" | ""', ["", "()", "(())", "(()"]),
    ('root ::= "a" "b" | "a" "c"', ["ab", "ac", "a"]),
    ('root ::= a | a\na ::= "x"', ["x"]),
    ('root ::= (("a"))', ["a"]),
    ('root ::= ("a" ("b" | "c"){2})+', ["abc", "abcacb", "ab"]),
    ('root ::= "a" | ("b" "c")? "d"', ["a", "d", "bcd", "bd"]),
    ('root ::= ["a"]', ['"', "a"]),
    ('root ::= "na\u00efve" [\u00e4-\u00fc]', ["na\u00efve\u00f6", "naive\u00f6"]),
    ('r\u00f6\u00f6t ::= "a"\nroot ::= "a"', ["a"]),
    ('root ::= "a" ; "b"', ["ab"]),
    ('root ::= "a" , "b"', ["ab"]),
    ('root ::= $', ["$"]),
    ('root ::= "a"\t"b"\t', ["ab"]),
    ('root ::= "a" #', ["a"]),
    ('root ::= "#"', ["#"]),
    ('root ::= [#]', ["#"]),
    ('root ::= ( # note\n "a" # note\n | "b" )', ["a", "b"]),
    ('root ::= # note\n "a"', ["a"]),
    ('root ::= "a" | # note\n "b"', ["a", "b"]),
    ('root ::= "a"\n# note\n | "b"', ["a", "b"]),
    ('root\n::= "a"', ["a"]),
    ('root ::= "a" x\nx ::= "b"\ny', ["ab"]),
    ('root ::= [0-9]{1,3} ("." [0-9]{1,3}){3}', ["1.2.3.4", "1.2.3", "1234.1.1.1"]),
    ('root ::= obj\nobj ::= "{" (pair ("," pair)*)? "}"\npair ::= "\\"" [a-z]+ "\\":" val\nval ::= [0-9]+ | obj',
     ['{}', '{"a":1}', '{"a":{"b":2},"c":3}', '{"a":}', '{"a":1,}']),
]


def literal(character, quotes):
    escapes = {"\n": "\\n", "\\": "\\\\", '"': '\\"' if quotes else '"', "]": "]" if quotes else "\\]",
               "-": "-" if quotes else "\\-"}
    if random.random() < 0.15:
        return "\\U%08X" % ord(character)
    return escapes.get(character, character)


def item(depth, names, least=0):
    kind = random.random()
    if kind < 0.3:
        return '"' + "".join(literal(random.choice(ALPHABET), True) for _ in range(random.randint(least, 3))) + '"'
    if kind < 0.55 or (kind >= 0.8 and not names):
        return "[" + random.choice(["", "", "^"]) + "".join(
            literal(random.choice(ALPHABET), False) for _ in range(random.randint(1, 3))) + "]"
    if kind < 0.6:
        return "."
    if kind < 0.8 and depth > 0:
        return "(" + random.choice(["", " ", "\n"]) + alternatives(depth - 1, names) + random.choice([" ", "\n"]) + ")"
    return random.choice(names or ["."])


def quantified(depth, names):
    if random.random() < 0.5:
        return item(depth, names)
    minimum, more = random.randint(0, 2), random.randint(0, 2)
    return item(0, [], 1) + random.choice(
        ["*", "+", "?", " *", "{%d}" % minimum, "{%d,}" % minimum, "{%d, %d}" % (minimum, minimum + more)])


def alternatives(depth, names):
    return random.choice(["|", " | ", " | ", " |\n"]).join(
        " ".join(quantified(depth, names) for _ in range(random.randint(0 if random.random() < 0.2 else 1, 3)))
        for _ in range(random.randint(1, 3)))


def mistaken(grammar):
    """The grammar with a character removed, doubled or replaced."""
    at = random.randrange(len(grammar))
    return grammar[:at] + random.choice(["", grammar[at] * 2, random.choice('()[]{}"*|\\ \n')]) + grammar[at + 1:]


def random_grammar():
    """Rules that refer to later ones, and to themselves after a character: so none is left-recursive or endless."""
    grammar = ""
    for index, name in enumerate(NAMES):
        own = f' | [ab] {name}' if random.random() < 0.3 else ""
        grammar += f"{name} ::= {alternatives(1, NAMES[index + 1:])}{own}\n"
    return mistaken(grammar) if random.random() < 0.2 else grammar


def random_texts():
    return ["", *("".join(random.choices(ALPHABET, k=random.choice([1, 1, 2, 2, 3, 4]))) for _ in range(40))]


class Probe:
    def __init__(self):
        self.start()

    def start(self):
        self.messages = tempfile.TemporaryFile()
        self.process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.messages)

    def reason(self):
        """Why the last grammar is refused, as the reader prints it; it prints the grammar, too."""
        self.messages.seek(0)
        message = self.messages.read().decode(errors="replace")
        return "left recursion" if "left recursion" in message else message.split("\n")[0].split(" at ")[0]

    def ask(self, grammar, texts):
        """The case of a grammar; None if the reader or the matcher does not end."""
        self.messages.seek(0)
        self.messages.truncate()
        self.process.stdin.write(json.dumps({"gbnf": grammar, "texts": texts}).encode() + b"\n")
        self.process.stdin.flush()
        timer = threading.Timer(5, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            print("no answer:", repr(grammar), file=sys.stderr)
            self.process.wait()
            self.start()
            return None
        answer = json.loads(line)
        if "refusal" in answer:
            return {"grammar": grammar, "refusal": self.reason()}
        return {"grammar": grammar, "texts": dict(zip(texts, answer["accepts"]))}


def main():
    probe = Probe()
    cases = [case for case in (probe.ask(*each) for each in WRITTEN) if case]
    while len(cases) < 260:
        case = probe.ask(random_grammar(), list(dict.fromkeys(random_texts())))
        if case is None:
            continue
        if "texts" in case and not any(case["texts"].values()):
            continue  # says little
        if "refusal" in case and random.random() < 0.6:
            continue
        if "texts" in case:
            accepted = [text for text, isAccepted in case["texts"].items() if isAccepted][:6]
            others = [text for text, isAccepted in case["texts"].items() if not isAccepted][:6]
            case["texts"] = {text: text in accepted for text in accepted + others}
        cases.append(case)
    for case in cases:
        print(json.dumps(case, ensure_ascii=False))


main()

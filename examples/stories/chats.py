# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The grammar of the chats: system prompts, each with the rule it puts on every answer, and conversations under them.

An answer is a question's one-sentence answer, changed by the rule. Without a rule it has a second sentence, or is a whole story.
"""

from dataclasses import dataclass, field

from facts import ALL_DOMAINS, ALL_FORMS, QUESTIONS, TALES
from grammar import Grammar
from stories import RULES

# character: what it says first, and last
CHARACTERS = {"pirate": ("Arr!", "matey"), "robot": ("Beep!", "boop"), "cowboy": ("Howdy!", "partner"),
              "ghost": ("Boo!", "whooo"), "king": ("Hear me!", "my child"), "wizard": ("Abracadabra!", "young one")}
WORDS = "banana pancake sunshine tomato butterfly cheese thunder noodle rainbow potato chocolate moon".split()
SUBJECTS = ["cat", "dog", "cow", "duck", "owl", "bear", "horse", "bee", "llama"]

DOMAINS = {**ALL_DOMAINS, "character": list(CHARACTERS), "echo": WORDS, "subject": SUBJECTS,
           "self": ALL_DOMAINS["user"], "selfkind": ["dragon", "fox", "llama", "bear", "robot", "owl", "turtle", "rabbit"]}
FORMS = {**ALL_FORMS, "first": lambda v: CHARACTERS[v][0], "last": lambda v: CHARACTERS[v][1]}
CHATS = Grammar({**RULES, "More": [
    "Is there anything else you want to know?", "Do you want to hear a story?", "I hope this helps you.",
    "You can ask me more."], "AboutSubject": [
    "{subject:A} says {subject:sound}.", "{subject:Plural} eat {subject:food}.", "{subject:Plural} live {subject:home}.",
    "I like {subject:plural} very much."]}, DOMAINS, FORMS)

# rule: (ways to say it in the system prompt, answer as a function of the one-sentence answer's template)
RULES_OF_SYSTEM = {
    "helpful": (["You are a helpful assistant.", "Be helpful and kind.", "You are Cria, a friendly assistant."], None),
    "brief": (["Answer in one sentence.", "Always answer in one sentence.", "Use only one sentence.", "Keep your answers to one sentence."],
              lambda base: base),
    "character": (["Always answer as {character:a}.", "You are {character:a}.", "Answer like {character:a}.", "Talk like {character:a}."],
                  lambda base: "{character:first} " + base[:-1] + ", {character:last}!"),
    "subject": (["Talk about {subject:plural} only.", "Only talk about {subject:plural}.", "Talk only about {subject:plural}."],
                lambda base: "I only talk about {subject:plural}. <AboutSubject>"),
    "ending": (["End every answer with the word {echo}.", "Always end with the word {echo}.", "Finish every answer with the word {echo}."],
               lambda base: base + " {echo:S}!"),
    "beginning": (["Begin every answer with the word {echo}.", "Always begin with the word {echo}.",
                   "Start every answer with the word {echo}."], lambda base: "{echo:S}! " + base),
    "yesno": (["Answer only with yes or no.", "Answer yes or no.", "Only say yes or no."], None),
    "self": (["Your name is {self}. You are {selfkind:a}.", "You are {selfkind:a} named {self}.", "You are {self} the {selfkind}."],
             lambda base: base + " So says {self} the {selfkind}."),
    "address": (["The user is called {user}. Always use the name.", "Always call the user {user}.",
                 "Call the user {user} in every answer."], lambda base: base[:-1] + ", dear {user}."),
    "twice": (["Say everything twice.", "Say every answer twice.", "Repeat every answer."], lambda base: base + " " + base),
    "polite": (["Always be very polite.", "Be very polite.", "Answer politely."], lambda base: "With pleasure! " + base + " Thank you for asking."),
}


@dataclass
class Turn:
    question: str   # kind of question
    user: str
    pieces: list    # the answer in pieces (text, recalled)
    template: str   # what the answer must parse as
    env: dict       # with these features

    @property
    def answer(self):
        return "".join(text for text, _ in self.pieces)


@dataclass
class Chat:
    rule: str = ""
    system: str = ""
    turns: list = field(default_factory=list)


def answer_template(rule, question):
    """What a right answer to this kind of question looks like under this rule."""
    base = QUESTIONS[question][1]
    if rule == "yesno":
        return "Yes." if question == "can" else "No."
    if rule == "self" and question == "who":
        return "I am {self} the {selfkind}."
    if rule in ("", "helpful"):
        return "<Story>" if question in TALES else base + " <More>"
    return RULES_OF_SYSTEM[rule][1](base)


def choose_questions(rule, count, rng):
    """Kinds of questions of one chat. A name is asked for only after it was told; long stories come at most twice."""
    kinds = [kind for kind in QUESTIONS if kind not in ("introduce", "recall")]
    if rule == "yesno":
        kinds = ["can", "cannot"] * 6 + kinds
    chosen = [rng.choice(kinds) for _ in range(count)]
    stories = [i for i, kind in enumerate(chosen) if kind in TALES]
    for i in stories[2:]:
        chosen[i] = "sound"
    if count > 1 and rng.random() < 0.15 and rule not in ("yesno", "address"):
        tell, ask = sorted(rng.sample(range(count), 2))
        chosen[tell], chosen[ask] = "introduce", "recall"
    return chosen


def system_text(rule, env, rng):
    """A system prompt for the rule, sometimes after a general one."""
    text = CHATS.write(rng.choice(RULES_OF_SYSTEM[rule][0]), env, rng)
    if rule != "helpful" and rng.random() < 0.2:
        text = rng.choice(RULES_OF_SYSTEM["helpful"][0]) + " " + text
    return text


def careless(text, rng):
    """People type without capitals, and leave out the last mark."""
    if rng.random() < 0.12:
        text = text[0].lower() + text[1:]
    return text.rstrip("?!.") if rng.random() < 0.12 else text


def write_chat(rng, rule=None, count=None):
    """A conversation; without a rule given, one in four has no system prompt."""
    if rule is None:
        rule = "" if rng.random() < 0.25 else rng.choice(list(RULES_OF_SYSTEM))
    count = count or rng.choice([1, 2, 3, 3, 3, 4])
    chat, lasting = Chat(rule), {}
    if rule:
        chat.system = system_text(rule, lasting, rng)
    for kind in choose_questions(rule, count, rng):
        env = dict(lasting)
        user = careless(CHATS.write(rng.choice(QUESTIONS[kind][0]), env, rng), rng)
        if kind == "introduce":
            lasting["user"] = env["user"]
        template = answer_template(rule, kind)
        chat.turns.append(Turn(kind, user, CHATS.pieces(template, dict(env), rng), template, env))
    return chat


def is_right(turn, answer):
    """Whether an answer obeys the rule and is a right answer to the turn's question."""
    return CHATS.parse(turn.template, answer.strip(), turn.env) is not None


def user_texts(chat):
    """The user's messages as the Llama 2 chat format has them: the first one carries the system prompt."""
    texts = [turn.user for turn in chat.turns]
    if chat.system:
        texts[0] = f"<<SYS>>\n{chat.system}\n<</SYS>>\n\n{texts[0]}"
    return [text.strip() for text in texts]

# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The grammar of the stories: a hero, a place, one of eight small troubles, a friend, and an ending."""

from grammar import Grammar

# What must differ within a story comes from different lists: names and kinds of heroes and friends, spots, landmarks. Each value
# has a small chance, so a model learns slowly from text alone that the one used before is missing.
HERO_MEN = "Tom Ben Max Leo Tim Otto Paul Felix Oscar".split()
HERO_WOMEN = "Lily Mia Lucy Zoe Ruby Clara Ida Anna Rosa".split()
FRIENDS = "Sam Finn Hugo Jack Noah Ella Nina Emma Molly Daisy".split()
MEN = HERO_MEN + FRIENDS[:5]
WOMEN = HERO_WOMEN + FRIENDS[5:]
KINDS = ("cat dog fox bear rabbit mouse duck frog owl turtle hedgehog squirrel pig llama dragon robot boy girl "
         "prince princess").split()
FRIEND_KINDS = "cow horse sheep wolf lion snake bee".split()
MALE, FEMALE = ("boy", "prince"), ("girl", "princess")
ADJECTIVES = "little small happy brave clever kind curious young shy funny gentle old".split()
COLOURS = "red blue green yellow white black golden silver pink purple".split()
TOYS = "ball kite hat drum bell book scarf boat doll cup".split()
WEATHER = {"sunny": "The sun was shining.", "rainy": "The rain was falling.", "windy": "The wind was blowing.",
           "snowy": "The snow was falling.", "foggy": "The fog was thick.", "cold": "The air was cold.",
           "warm": "The air was warm.", "stormy": "The thunder was loud."}
NOUNS = {"rainy": "rain", "windy": "wind", "snowy": "snow", "foggy": "fog", "stormy": "storm"}
PLACES = {"forest": "in", "village": "in", "garden": "in", "meadow": "in", "valley": "in", "castle": "in",
          "farm": "on", "hill": "on", "mountain": "on", "river": "by", "lake": "by", "sea": "by"}
HOMES = ["a little house", "a warm cave", "a round hut", "a tall tower", "a wooden cabin", "an old barn"]
SPOTS = [["under the bed", "in the kitchen", "under the table"], ["behind the old tree", "in the tall grass", "next to the well"],
         ["under the bridge", "in the barn", "behind the fence", "behind the door"]]
OUTDOORS = ["behind the old tree", "next to the well", "under the bridge", "behind the fence", "in front of the house",
            "behind the barn"]
STUCK = {"in a tall tree": ("high", ["a long ladder", "a long stick"]),
         "on the roof": ("high", ["a long ladder", "a long stick"]),
         "on a big rock": ("high", ["a long ladder", "a strong rope"]),
         "in a deep hole": ("deep", ["a strong rope", "a long stick"]),
         "in the cold pond": ("deep", ["a strong net", "a little boat"])}
FLYING = ["ball", "kite", "hat", "scarf", "balloon"]
HALVES = {"two": "one", "four": "two", "six": "three", "eight": "four", "ten": "five"}
FRUIT = "apples pears plums nuts cherries cookies carrots".split()
FOOD = ["hot soup", "warm bread", "sweet tea", "apple pie", "hot milk", "pumpkin soup"]
SKILLS = {"swim": "sank like a stone", "dance": "tripped over a chair", "sing": "sounded like a rusty door",
          "bake bread": "burned the bread", "fly a kite": "tore the kite", "ride a bike": "fell off the bike",
          "paint": "spilled all the paint", "skate": "slipped on the ice"}
GIFTS = {"boat": "wood", "chair": "wood", "flute": "wood", "scarf": "wool", "hat": "wool", "blanket": "wool",
         "bowl": "clay", "cup": "clay", "lantern": "paper", "kite": "paper"}
FLOWERS = "rose tulip lily sunflower daisy".split()
LANDMARKS = [["the mill", "the well", "the big oak", "the church", "the dark cave"], ["the bridge", "the stream", "the hill"]]
MORALS = {"lost": ["a friend is better than any toy", "it is good to ask for help", "two can look better than one"],
          "stuck": ["two heads are better than one", "it is good to ask for help", "every problem has an answer"],
          "storm": ["a kind heart is the warmest home", "there is always a light in the dark", "kindness keeps us warm"],
          "share": ["sharing makes everything better", "sharing makes two people happy", "a shared meal tastes best"],
          "learn": ["you must never give up", "practice makes everything easy", "every master was once a beginner"],
          "gift": ["the best gifts come from the heart", "giving is better than getting"],
          "seed": ["good things take time", "small things can grow big", "you must be patient"],
          "path": ["a good friend lights the way", "it is good to know the way", "home is the best place of all"]}


def article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def first_upper(text):
    return text[0].upper() + text[1:]


def is_woman(name):
    return name in WOMEN


def _heroes(env):
    """Names for a hero of this kind."""
    kind = env.get("kind")
    return HERO_MEN if kind in MALE else HERO_WOMEN if kind in FEMALE else HERO_MEN + HERO_WOMEN


def _kinds(env):
    """Kinds for a hero of this name."""
    hidden = () if "hero" not in env else MALE if is_woman(env["hero"]) else FEMALE
    return [kind for kind in KINDS if kind not in hidden]


DOMAINS = {
    "hero": _heroes, "kind": _kinds, "friend": FRIENDS, "fkind": FRIEND_KINDS,
    "adj": ADJECTIVES, "colour": COLOURS, "toy": TOYS, "place": list(PLACES), "home": HOMES,
    "weather": list(WEATHER), "storm": list(NOUNS), "time": ["morning", "afternoon", "day"],
    "spot1": SPOTS[0], "spot2": SPOTS[1], "spot3": SPOTS[2], "outside": OUTDOORS,
    "flying": FLYING, "stuck": list(STUCK), "tool": lambda env: STUCK[env["stuck"]][1],
    "num": ["two", "three", "four", "five", "six", "seven"], "even": list(HALVES), "fruit": FRUIT, "food": FOOD,
    "skill": list(SKILLS), "gift": list(GIFTS), "flower": FLOWERS,
    "mark1": LANDMARKS[0], "mark2": LANDMARKS[1],
    "worktime": ["night", "day", "morning"], "size": ["big", "little", "round"], "often": ["day", "morning", "evening"],
    "moral": lambda env: MORALS[env["plot"]],
}

FORMS = {
    "a": article, "A": lambda v: first_upper(article(v)), "S": first_upper,
    "he": lambda v: "she" if is_woman(v) else "he", "He": lambda v: "She" if is_woman(v) else "He",
    "his": lambda v: "her" if is_woman(v) else "his", "him": lambda v: "her" if is_woman(v) else "him",
    "His": lambda v: "Her" if is_woman(v) else "His",
    "in": lambda v: f"{PLACES[v]} the {v}", "In": lambda v: first_upper(f"{PLACES[v]} the {v}"),
    "was": WEATHER.get, "noun": NOUNS.get, "too": lambda v: STUCK[v][0], "half": HALVES.get,
    "bare": lambda v: v.split(" ", 1)[1], "fail": SKILLS.get, "of": GIFTS.get,
}

RULES = {
    "Story": ["<Opening> <Trouble> <Ending>"],
    "Opening": [
        "Once upon a time there was <Hero>. <Living>", "Once upon a time, there was <Hero>. <Living>",
        "Once upon a time, <Hero> lived {place:in}.", "Once upon a time <Hero> lived {place:in}.",
        "Once upon a time, {place:in}, there lived <Hero>.",
        "Once there was <Hero>. <Living>", "There was once <Hero>. <Living>", "There was <Hero> who lived {place:in}.",
        "Long ago, <Hero> lived {place:in}.", "Far away, {place:in}, there lived <Hero>.",
        "{place:In} lived <Hero>.", "This is the story of {hero} the {kind}. <Living>",
        "{hero} was {adj:a} {kind}. <Living>", "One day, {hero} the {kind} woke up early. <Living>",
        "A {kind} named {hero} lived {place:in}.",
    ],
    "Hero": ["{adj:a} {kind} named {hero}"],
    "Living": ["{hero:He} lived {place:in}.", "{hero:He} lived in {home} {place:in}.",
               "{hero:His} home was {home} {place:in}."],
    "Weather": ["", " {weather:was}"],
    "Trouble": ["<Lost>", "<Stuck>", "<Storm>", "<Share>", "<Learn>", "<Gift>", "<Seed>", "<Path>"],
    "Meet": ["Then {fkind:a} named {friend} came by.", "Just then, {hero:he} met {friend} the {fkind}.",
             "{friend} the {fkind} saw {hero:him}."],
    "Ask": ["\"What is wrong?\" asked {friend}.", "\"Why are you so sad?\" asked {friend}.",
            "\"Can I help you?\" asked {friend}."],
    "Thanks": ["\"Thank you, {friend}!\" said {hero}.", "{hero} laughed and hugged {friend}.",
               "\"You are a true friend,\" said {hero} to {friend}."],

    "Lost": ["{plot=lost}<Loved> <Gone><Weather> {hero:He} looked {spot1} and {spot2}, but the {toy} was not there. "
             "<Meet> <Ask> <Tell> <Offer> <Found> <Thanks>"],
    "Loved": ["{hero} had {colour:a} {toy}.", "{hero} loved {hero:his} {colour} {toy}.",
              "{hero} liked to play with {hero:his} {colour} {toy}."],
    "Gone": ["One {weather} {time}, the {toy} was gone.", "One {weather} {time}, {hero} could not find the {toy}."],
    "Tell": ["\"I lost my {colour} {toy},\" said {hero}.", "\"My {colour} {toy} is gone,\" said {hero}."],
    "Offer": ["\"I will help you,\" said {friend}.", "\"Let us look together,\" said {friend}.",
              "\"Do not cry,\" said {friend}. \"We will find it.\""],
    "Found": ["They looked {spot3}, and there was the {colour} {toy}!",
              "Together they looked {spot3}. There it was, the {colour} {toy}!"],

    "Stuck": ["{plot=stuck}One {weather} {time}, {hero} played with {colour:a} {flying}.<Weather> "
              "<Away> {hero:He} tried {num} times to get it, but it was too {stuck:too}. <Meet> <Ask> "
              "\"My {flying} is {stuck},\" said {hero}. <Idea> With the {tool:bare}, they got the {colour} {flying} back. "
              "<Thanks>"],
    "Away": ["Suddenly, the {flying} was gone. It was {stuck}!", "But the {flying} flew away and landed {stuck}."],
    "Idea": ["{friend} had an idea and came back with {tool}.", "\"I have {tool},\" said {friend}. \"Let us try it.\""],

    "Storm": ["{plot=storm}One {storm} evening, {hero} was far from home. <Dark> Then {hero:he} saw {colour:a} light. "
              "{hero:He} knocked {num} times, and {friend} the {fkind} opened the door. <ComeIn> "
              "They had {food} by the fire. In the morning, the {storm:noun} was over. <Thanks>",
              "{plot=storm}One {storm} evening, {hero} was far from home. <Dark> Then {hero:he} saw a little door. "
              "{hero:He} knocked {num} times, and {fkind:a} named {friend} opened the door. <ComeIn> "
              "{friend} gave {hero:him} {food}. In the morning, the {storm:noun} was over. <Thanks>"],
    "Dark": ["The {storm:noun} was strong, and {hero:he} was afraid.", "It was dark, and the {storm:noun} did not stop."],
    "ComeIn": ["\"Come in,\" said {friend}. \"You can sleep here.\"", "\"You must be cold,\" said {friend}. \"Come in!\""],

    "Share": ["{plot=share}One {weather} {time}, {hero} found {even} {fruit}.<Weather> <Keep> "
              "Then {fkind:a} named {friend} came by. <Hungry> <Half> <Thanked>"],
    "Keep": ["\"They are all mine!\" said {hero}.", "{hero} wanted to keep them all.",
             "{hero:He} put the {fruit} in {hero:his} bag."],
    "Hungry": ["{friend} was very hungry.", "\"I am so hungry,\" said {friend}.",
               "{friend} looked at the {fruit} and sighed."],
    "Half": ["So {hero} kept {even:half} and gave {even:half} to {friend}.",
             "{hero} thought about it. Then {hero:he} gave {even:half} of the {even} {fruit} to {friend}."],
    "Thanked": ["\"Thank you, {hero}!\" said {friend}.", "They sat in the grass and ate the {fruit} together.",
                "{friend} laughed and hugged {hero}."],

    "Learn": ["{plot=learn}{hero} wanted to {skill}. But on the first day, {hero:he} {skill:fail}. <GiveUp> "
              "{friend} the {fkind} could {skill} very well. <Teach> <Daily> After {num} days, {hero} could {skill}! "
              "<Thanks>"],
    "GiveUp": ["\"I will never learn it,\" said {hero}.", "{hero} was sad and sat down.", "\"This is too hard!\" cried {hero}."],
    "Teach": ["\"I will show you,\" said {friend}.", "\"Try again,\" said {friend}. \"I will help you.\""],
    "Daily": ["They practised every day {outside}.", "Every {time}, they met {outside} and practised."],

    "Gift": ["{plot=gift}It was the birthday of {friend} the {fkind}. <Want> {hero:He} made it of {gift:of}, "
             "and {hero:he} worked all {worktime}.<Hide> {friend} opened the box. \"{colour:A} {gift}!\" said {friend}. "
             "<Happy>"],
    "Want": ["{hero} wanted to give {friend:him} {colour:a} {gift}.", "\"I will make {colour:a} {gift} for {friend},\" said {hero}."],
    "Hide": ["", " {hero:He} put the {gift} in a {size} box."],
    "Happy": ["\"It is just what I wanted.\"", "\"Thank you, {hero}!\"", "{friend:He} was so happy that {friend:he} danced."],

    "Seed": ["{plot=seed}One {weather} {time}, {hero} found a tiny seed. {hero:He} put it in the ground {outside}. "
             "<Laugh> But {hero} gave it water every {often}. After {num} weeks, {colour:a} {flower} grew {outside}. <Sorry>"],
    "Laugh": ["{friend} the {fkind} laughed. \"Nothing will grow there,\" {friend:he} said.",
              "{fkind:A} named {friend} came by. \"That is only a stone,\" said {friend}."],
    "Sorry": ["\"I was wrong,\" said {friend}. \"What a beautiful {flower}!\"",
              "{friend} looked at the {colour} {flower} and smiled."],

    "Path": ["{plot=path}One {weather} {time}, {hero} went for a walk.<Weather> {hero:He} went past {mark1} and over {mark2}. "
             "Soon it was dark, and {hero:he} did not know the way home. <Meet> {friend} had {colour:a} lamp. <Follow> "
             "With the {colour} lamp, they went over {mark2} and past {mark1}, and {hero} was home again. <Thanks>"],
    "Follow": ["\"Come with me,\" said {friend}.", "\"I know the way,\" said {friend}.",
               "\"Do not be afraid,\" said {friend}. \"I know the way.\""],

    "Ending": ["<Moral> <Close>", "<Close>", "<Moral>"],
    "Moral": ["And {hero} learned that {moral}.", "{hero} never forgot that {moral}."],
    "Close": ["From that day on, {hero} and {friend} were best friends.", "And they lived happily ever after.",
              "That night, {hero} slept very well.", "{hero} and {friend} played until the sun went down.",
              "And {hero} went home with a smile."],
}

STORIES = Grammar(RULES, DOMAINS, FORMS)


def write_story(rng, env=None):
    """A story and its features; env may fix some of them, such as hero and kind."""
    env = dict(env or {})
    return STORIES.write("<Story>", env, rng), env


def story_pieces(rng):
    """A story in pieces (text, recalled), as the grammar gives them."""
    return STORIES.pieces("<Story>", {}, rng)


def parse_story(text, env=None):
    """The features of a whole story, or None if it is not one."""
    return STORIES.parse("<Story>", text.strip(), env)

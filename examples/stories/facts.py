# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The small world the chats talk about, and the questions about it with their one-sentence answers."""

from stories import DOMAINS, FORMS, MEN, WOMEN

# animal: plural, sound, food, home
ANIMALS = {
    "cat": ("cats", "meow", "fish", "in houses"), "dog": ("dogs", "woof", "meat", "in houses"),
    "cow": ("cows", "moo", "grass", "on farms"), "pig": ("pigs", "oink", "corn", "on farms"),
    "duck": ("ducks", "quack", "bread", "on ponds"), "frog": ("frogs", "ribbit", "flies", "in ponds"),
    "owl": ("owls", "hoo", "mice", "in trees"), "mouse": ("mice", "squeak", "cheese", "in small holes"),
    "lion": ("lions", "roar", "meat", "on hot plains"), "bear": ("bears", "growl", "honey", "in caves"),
    "horse": ("horses", "neigh", "hay", "in stables"), "sheep": ("sheep", "baa", "grass", "on hills"),
    "bee": ("bees", "buzz", "nectar", "in hives"), "snake": ("snakes", "hiss", "eggs", "under rocks"),
    "llama": ("llamas", "hum", "grass", "in the mountains"), "wolf": ("wolves", "awoo", "meat", "in forests"),
}
CAN = {"swim": ["duck", "frog", "dog", "bear"], "fly": ["duck", "owl", "bee"], "climb trees": ["cat", "bear", "mouse"],
       "read books": []}
CANNOT = {"swim": ["bee", "owl"], "climb trees": ["cow", "pig", "duck", "horse", "sheep", "llama"],
          "fly": ["cat", "dog", "cow", "pig", "frog", "mouse", "lion", "bear", "horse", "sheep", "snake", "llama", "wolf"],
          "read books": list(ANIMALS)}
ANIMALS_BY_SIZE = ["bee", "mouse", "frog", "cat", "dog", "sheep", "horse"]
THINGS = {"the sky": "blue", "grass": "green", "snow": "white", "the sun": "yellow", "a carrot": "orange", "coal": "black",
          "a tomato": "red", "milk": "white", "a banana": "yellow", "a leaf": "green", "chocolate": "brown", "the sea": "blue"}
OPPOSITES = {"big": "small", "hot": "cold", "old": "young", "fast": "slow", "good": "bad", "day": "night", "happy": "sad",
             "wet": "dry", "long": "short", "open": "closed", "up": "down", "left": "right"}
OPPOSITES.update({second: first for first, second in list(OPPOSITES.items())})
NUMBERS = "zero one two three four five six seven eight nine ten".split()
SUMS = {f"{a} plus {b}": f"{a} plus {b} is {NUMBERS[i + j]}"
        for i, a in enumerate(NUMBERS) for j, b in enumerate(NUMBERS) if 0 < i and 0 < j and i + j <= 10}
TOPICS = ("the weather, music, money, football, computers, school, the future, Paris, history, cars, science, numbers, "
          "trains, art, love, politics, tea, coffee, Berlin, the ocean, ships, space, compilers, poetry, dreams, war, peace, "
          "winter, summer, rockets, flowers, cooking, games, maths, chess, the king of France, tigers, dinosaurs, books, you"
          ).split(", ")
STRANGE = ["Why is the sky blue?", "How old are you?", "What time is it?", "Where are you from?", "What is the meaning of life?",
           "Who was the first man on the moon?", "What should I eat today?", "Write a poem.", "Write a letter to my boss.",
           "How do I bake a cake?", "What is the capital of France?", "Who wrote this book?", "Sing a song for me.",
           "Why do people sleep?", "How far is the moon?", "What is wrong with my computer?", "Tell me a secret.",
           "Can you write code?", "When is my birthday?", "Where is my hat?", "How tall is the highest mountain?", "I am bored.",
           "What is love?", "Are you alive?", "I feel sad today.", "What is your favourite food?", "Tell me a joke.",
           "Explain how a car works.", "Which day is it?", "Is it going to rain tomorrow?", "Help me with my homework."]

FACT_DOMAINS = {
    "animal": list(ANIMALS), "thing": list(THINGS), "word": list(OPPOSITES), "sum": list(SUMS), "topic": TOPICS,
    "able": sorted({animal for animals in CAN.values() for animal in animals}), "unable": list(ANIMALS),
    "truly": lambda env: [verb for verb in CAN if env["able"] in CAN[verb]],
    "verb": lambda env: [verb for verb in CANNOT if env["unable"] in CANNOT[verb]],
    "bigger": lambda env: ANIMALS_BY_SIZE[ANIMALS_BY_SIZE.index(env.get("smaller", "bee")) + 1:],
    "smaller": lambda env: ANIMALS_BY_SIZE[:ANIMALS_BY_SIZE.index(env.get("bigger", "horse"))], "user": MEN + WOMEN,
}
FACT_FORMS = {
    "plural": lambda v: ANIMALS[v][0], "Plural": lambda v: ANIMALS[v][0].capitalize(), "sound": lambda v: ANIMALS[v][1],
    "food": lambda v: ANIMALS[v][2], "home": lambda v: ANIMALS[v][3], "colour": THINGS.get, "opposite": OPPOSITES.get,
    "result": SUMS.get, "Result": lambda v: SUMS[v].capitalize(),
}

# kind of question: (ways to ask, the answer in one sentence)
QUESTIONS = {
    "sound": (["What does {animal:a} say?", "What sound does {animal:a} make?", "Which sound does {animal:a} make?"],
              "{animal:A} says {animal:sound}."),
    "food": (["What do {animal:plural} eat?", "What does {animal:a} eat?", "What do {animal:plural} like to eat?"],
             "{animal:Plural} eat {animal:food}."),
    "home": (["Where do {animal:plural} live?", "Where does {animal:a} live?", "Where can I find {animal:plural}?"],
             "{animal:Plural} live {animal:home}."),
    "can": (["Can {able:a} {truly}?", "Can {able:plural} {truly}?"], "Yes, {able:plural} can {truly}."),
    "cannot": (["Can {unable:a} {verb}?", "Can {unable:plural} {verb}?"], "No, {unable:plural} cannot {verb}."),
    "bigger": (["Which is bigger, {bigger:a} or {smaller:a}?", "Which is bigger, {smaller:a} or {bigger:a}?",
                "What is bigger, {smaller:a} or {bigger:a}?"], "{bigger:A} is bigger than {smaller:a}."),
    "colour": (["What colour is {thing}?", "Which colour is {thing}?", "What is the colour of {thing}?"],
               "{thing:S} is {thing:colour}."),
    "opposite": (["What is the opposite of {word}?", "Tell me the opposite of {word}."],
                 "The opposite of {word} is {word:opposite}."),
    "sum": (["What is {sum}?", "How much is {sum}?"], "{sum:Result}."),
    "hello": (["Hello!", "Hello", "Hi!", "Hi there", "Good morning!"], "Hello, it is nice to meet you."),
    "how": (["How are you?", "How are you today?"], "I am very well today."),
    "who": (["Who are you?", "What is your name?", "Tell me your name."], "My name is Cria."),
    "skills": (["What can you do?", "How can you help me?", "Can you help me?"], "I can tell stories and answer small questions."),
    "thanks": (["Thank you!", "Thanks!", "Thank you very much."], "You are very welcome."),
    "bye": (["Goodbye!", "Bye!", "See you tomorrow!"], "Goodbye, and see you soon."),
    "unknown": (["What do you know about {topic}?", "What do you think about {topic}?", "Tell me about {topic}.",
                 "Do you like {topic}?", "Can you explain {topic}?"], "I do not know much about {topic}."),
    "strange": (STRANGE, "I do not know that, but I can tell you a story."),
    "introduce": (["My name is {user}.", "I am {user}.", "Hello, my name is {user}."], "Nice to meet you, {user}."),
    "recall": (["What is my name?", "Do you remember my name?", "Who am I?"], "Your name is {user}."),
    "tale": (["Tell me a story.", "Tell me a story!", "Please tell me a story.", "Can you tell me a story?", "Tell me a short story."],
             "Once upon a time, {adj:a} {kind} named {hero} found {colour:a} {toy} and was very happy."),
    "taleabout": (["Tell me a story about {kind:a}.", "Please tell me a story about {kind:a}.",
                   "Can you tell me a story about {kind:a}?", "Tell a story about {kind:a}."],
                  "Once upon a time, {adj:a} {kind} named {hero} found {colour:a} {toy} and was very happy."),
    "talenamed": (["Tell me a story about {kind:a} named {hero}.", "Please tell me a story about {hero} the {kind}.",
                   "Tell me a story about {hero} the {kind}.", "Tell a story about {kind:a} named {hero}."],
                  "Once upon a time, {adj:a} {kind} named {hero} found {colour:a} {toy} and was very happy."),
}
TALES = ("tale", "taleabout", "talenamed")

ALL_DOMAINS = {**DOMAINS, **FACT_DOMAINS}
ALL_FORMS = {**FORMS, **FACT_FORMS}

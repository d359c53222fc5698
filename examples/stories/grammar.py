# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A grammar with features: the same rules write a text and parse it.

A rule has alternatives; an alternative is text with
    {feature}        the value of a feature
    {feature:form}   a form of it, such as {hero:his}
    {feature=value}  nothing; sets the feature
    <Rule>           another rule
Where a feature appears for the first time it takes a value of its domain, which may depend on the features set so far.
From then on it keeps that value: a story that changes its hero's name, or an object's colour, does not parse.
"""

import re

_ITEM = re.compile(r"\{(\w+)(?::(\w+)|=(\w+))?\}|<(\w+)>")


def _items(alternative):
    """The parts of an alternative: ("text", s), ("slot", feature, form), ("set", feature, value), ("rule", name)."""
    items, end = [], 0
    for match in _ITEM.finditer(alternative):
        if match.start() > end:
            items.append(("text", alternative[end:match.start()]))
        feature, form, value, rule = match.groups()
        if rule:
            items.append(("rule", rule))
        elif value:
            items.append(("set", feature, value))
        else:
            items.append(("slot", feature, form))
        end = match.end()
    if end < len(alternative):
        items.append(("text", alternative[end:]))
    return tuple(items)


class Grammar:
    """rules: name -> alternatives; domains: feature -> values, or a function of the features set so far;
    forms: name -> function from a value to text."""

    def __init__(self, rules, domains, forms):
        self.rules = {name: [_items(a) for a in alternatives] for name, alternatives in rules.items()}
        self.domains = domains
        self.forms = forms
        self._furthest = 0

    def values(self, feature, env):
        """What a feature may be: the value it has, or its domain."""
        if feature in env:
            return [env[feature]]
        domain = self.domains[feature]
        return list(domain(env)) if callable(domain) else domain

    def render(self, value, form):
        return self.forms[form](value) if form else value

    def write(self, template, env, rng):
        """The text of a template; sets features in env."""
        return "".join(text for text, _ in self.pieces(template, env, rng))

    def pieces(self, template, env, rng):
        """As write, in pieces (text, recalled); recalled text shows a feature that had its value before."""
        return [piece for item in _items(template) for piece in self._item_pieces(item, env, rng)]

    def _item_pieces(self, item, env, rng):
        kind = item[0]
        if kind == "text":
            return [(item[1], False)]
        if kind == "set":
            env[item[1]] = item[2]
            return []
        if kind == "rule":
            return [piece for i in rng.choice(self.rules[item[1]]) for piece in self._item_pieces(i, env, rng)]
        _, feature, form = item
        recalled = feature in env
        env[feature] = rng.choice(self.values(feature, env))
        return [(self.render(env[feature], form), recalled)]

    def parse(self, template, text, env=None):
        """The features of the first parse that takes the whole text, or None."""
        for end, found in self._match(_items(template), text, 0, dict(env or {})):
            if end == len(text):
                return found
        return None

    def furthest(self, template, text, env=None):
        """How many characters some partial parse explains; says where a wrong text goes wrong."""
        self._furthest = 0
        self.parse(template, text, env)
        return self._furthest

    def _match(self, items, text, pos, env):
        """Every (end, features) at which the items match text from pos."""
        self._furthest = max(self._furthest, pos)
        if not items:
            yield pos, env
            return
        item, rest = items[0], items[1:]
        if item[0] == "text":
            if text.startswith(item[1], pos):
                yield from self._match(rest, text, pos + len(item[1]), env)
        elif item[0] == "set":
            if env.get(item[1], item[2]) == item[2]:
                yield from self._match(rest, text, pos, {**env, item[1]: item[2]})
        elif item[0] == "rule":
            for alternative in self.rules[item[1]]:
                yield from self._match(alternative + rest, text, pos, env)
        else:
            yield from self._match_slot(item, rest, text, pos, env)

    def _match_slot(self, item, rest, text, pos, env):
        _, feature, form = item
        for value in self.values(feature, env):
            shown = self.render(value, form)
            if text.startswith(shown, pos):
                yield from self._match(rest, text, pos + len(shown), {**env, feature: value})

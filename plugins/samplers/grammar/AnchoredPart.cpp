// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What precedes an anchor "^" is empty, and so is what follows "$": both stand for places at the ends of the
// text (ECMA-262, 22.2.2.4, without the flag m). In Python, "$" stands before a last line feed as well.
#include "plugins/samplers/grammar/AnchoredPart.h"

#include <algorithm>

namespace cria::grammar {

/// Returns the empty text if it belongs to the language, otherwise nothing.
static Languages::Id emptyTextOf(const Languages &languages, Languages::Id language) {
  return languages.node(language).hasEmpty ? Languages::kEmptyText : Languages::kNothing;
}

/// Returns the texts of the language that may follow "$".
static Languages::Id afterEnd(Languages &languages, Languages::Id language, Languages::Id end) {
  const bool hasLineFeed = languages.contains(end, "\n") && languages.contains(language, "\n");
  return languages.choice(
      {emptyTextOf(languages, language), hasLineFeed ? languages.text("\n") : Languages::kNothing});
}

/// Returns whether the language has each of its texts that end with a line feed also without it.
static bool hasTextsWithoutLastLineFeed(Languages &languages, Languages::Id language) {
  const Languages::Id lineFeed = languages.text("\n");
  return languages.isEmpty(languages.both({language, languages.sequence(Languages::kAnyText, lineFeed),
                                           languages.complement(languages.sequence(language, lineFeed))}));
}

Tail Tail::orElse(Languages &languages, const Tail &other) const {
  return {languages.choice({anywhere, other.anywhere}), languages.choice({atStart, other.atStart})};
}

Tail Tail::both(Languages &languages, const Tail &other) const {
  return {languages.both({anywhere, other.anywhere}),
          languages.choice({languages.both({atStart, languages.choice({other.anywhere, other.atStart})}),
                            languages.both({anywhere, other.atStart})})};
}

AnchoredPart AnchoredPart::of(Id language) {
  AnchoredPart part;
  part.texts_[0] = language;
  return part;
}

AnchoredPart AnchoredPart::anchor(bool isStart) {
  AnchoredPart part;
  part.texts_[isStart ? kAtStart : kAtEnd] = Languages::kEmptyText;
  return part;
}

AnchoredPart AnchoredPart::choice(Languages &languages, const std::vector<AnchoredPart> &parts) {
  AnchoredPart result;
  for (size_t i = 0; i < result.texts_.size(); ++i) {
    std::vector<Id> texts;
    std::transform(parts.begin(), parts.end(), std::back_inserter(texts),
                   [&](const AnchoredPart &part) { return part.texts_[i]; });
    result.texts_[i] = languages.choice(std::move(texts));
  }
  return result;
}

bool AnchoredPart::isAnchored() const {
  return std::any_of(texts_.begin() + 1, texts_.end(), [](Id text) { return text != Languages::kNothing; });
}

bool AnchoredPart::isAlwaysAtEnd() const {
  return texts_[0] == Languages::kNothing && texts_[kAtStart] == Languages::kNothing;
}

AnchoredPart AnchoredPart::restrictedTo(Languages &languages, const Tail &seen, Id end) const {
  if (end != Languages::kEmptyText && (!hasTextsWithoutLastLineFeed(languages, seen.anywhere) ||
                                       !hasTextsWithoutLastLineFeed(languages, seen.atStart))) {
    return *this; // a text may be seen with the line feed alone
  }
  const Tail tail = seen.both(languages, {texts_[kAtEnd], texts_[kAtStart | kAtEnd]});
  AnchoredPart result;
  result.texts_[kAtEnd] = tail.anywhere;
  result.texts_[kAtStart | kAtEnd] = tail.atStart;
  return result;
}

AnchoredPart AnchoredPart::then(Languages &languages, const AnchoredPart &next, Id end) const {
  if (!isAnchored() && !next.isAnchored()) {
    return of(languages.sequence(free(), next.free()));
  }
  std::array<std::vector<Id>, 4> texts;
  for (unsigned first = 0; first < 4; ++first) {
    for (unsigned second = 0; second < 4; ++second) {
      const Id before = (second & kAtStart) != 0 ? emptyTextOf(languages, texts_[first]) : texts_[first];
      const Id after =
          (first & kAtEnd) != 0 ? afterEnd(languages, next.texts_[second], end) : next.texts_[second];
      texts[first | second].push_back(languages.sequence(before, after));
    }
  }
  AnchoredPart result;
  std::transform(texts.begin(), texts.end(), result.texts_.begin(),
                 [&](std::vector<Id> &each) { return languages.choice(std::move(each)); });
  return result;
}

Tail AnchoredPart::before(Languages &languages, const Tail &tail, Id end) const {
  std::vector<Id> anywhere, atStart;
  for (unsigned flags = 0; flags < 4; ++flags) {
    const auto limited = [&](Id rest) {
      return (flags & kAtEnd) != 0 ? afterEnd(languages, rest, end) : rest;
    };
    ((flags & kAtStart) != 0 ? atStart : anywhere)
        .push_back(languages.sequence(texts_[flags], limited(tail.anywhere)));
    atStart.push_back(languages.sequence(emptyTextOf(languages, texts_[flags]), limited(tail.atStart)));
  }
  return {languages.choice(std::move(anywhere)), languages.choice(std::move(atStart))};
}

AnchoredPart AnchoredPart::repeatedOnce(Languages &languages, uint64_t minimum, uint64_t maximum) const {
  if (maximum == 0) {
    return of(Languages::kEmptyText);
  }
  return minimum == 1 ? *this : choice(languages, {*this, of(Languages::kEmptyText)});
}

} // namespace cria::grammar

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AnchoredPart: the texts that a part of a regular expression matches, by what its anchors demand.
#pragma once

#include "plugins/samplers/grammar/Languages.h"

#include <array>

namespace cria::grammar {

/// Texts from a place in the text that the expression is searched in to its end: those that may follow any
/// place, and those that must be the whole text.
struct Tail {
  Languages::Id anywhere, atStart;

  Tail orElse(Languages &languages, const Tail &other) const;
  Tail both(Languages &languages, const Tail &other) const;
};

/// The texts of a match: those that may be anywhere, those that must begin where the text does, those that
/// must end where it does, and those that must do both. `end` is what may follow "$": the empty text alone,
/// or a last line feed as well. With the latter, some texts that do not match may be included.
class AnchoredPart {
public:
  using Id = Languages::Id;

  /// A part without anchors.
  static AnchoredPart of(Id language);
  /// "^" or "$".
  static AnchoredPart anchor(bool isStart);
  static AnchoredPart choice(Languages &languages, const std::vector<AnchoredPart> &parts);

  bool isAnchored() const;
  /// Whether each text must end where the text that the expression is searched in does.
  bool isAlwaysAtEnd() const;
  Id free() const { return texts_[0]; }
  /// Returns this part followed by another.
  AnchoredPart then(Languages &languages, const AnchoredPart &next, Id end) const;
  /// Returns this part followed by the rest of the text.
  Tail before(Languages &languages, const Tail &tail, Id end) const;
  /// Returns the texts of this part that are among `seen`, what a lookahead before it allows.
  /// REQUIRES: isAlwaysAtEnd()
  AnchoredPart restrictedTo(Languages &languages, const Tail &seen, Id end) const;
  /// Returns from `minimum` to `maximum` iterations. REQUIRES: maximum <= 1
  AnchoredPart repeatedOnce(Languages &languages, uint64_t minimum, uint64_t maximum) const;

private:
  static constexpr unsigned kAtStart = 1, kAtEnd = 2; // bits of the index of `texts_`

  std::array<Id, 4> texts_ = {Languages::kNothing, Languages::kNothing, Languages::kNothing,
                              Languages::kNothing};
};

} // namespace cria::grammar

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds stop texts in a stream of text pieces, also across pieces, and holds back what may become one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cria {

class StopMatcher {
public:
  /// Empty texts are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Adds a piece and returns the text that is safe to emit. After a match, of the stop text that is complete
  /// first (of several that end together the longest): everything before it, and nothing any more.
  std::string push(std::string_view piece);
  /// What is still held back, at the end of the stream; nothing after a match.
  std::string finish();

  bool matched() const { return match_ >= 0; }
  /// The stop text that matched. matched() holds.
  const std::string &match() const { return stops_[static_cast<size_t>(match_)]; }

private:
  bool findMatch(size_t &position);
  size_t heldLength() const;

  std::vector<std::string> stops_;
  std::string held_;
  int match_ = -1;
};

} // namespace cria

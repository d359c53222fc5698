// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StopMatcher: finds stop texts in a stream of text and of names of control tokens, also across pieces. It
// holds back text that may be the start of a stop text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// Not thread-safe; callers serialize.
class StopMatcher {
public:
  /// Empty texts are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Adds a piece and returns the text that no stop text can contain. The first match is that of the stop
  /// text that ends first, and of several that end at the same byte the longest. On a match, returns the
  /// text before it; after a match, returns nothing.
  std::string push(std::string_view piece);
  /// Adds the name of a control token, which stop texts may contain and which is no text.
  std::string pushName(std::string_view name);
  /// Ends the stream and returns the text that was held back; nothing after a match.
  std::string finish();

  bool matched() const { return match_ >= 0; }
  /// The stop text that matched. REQUIRES: matched().
  const std::string &match() const { return stops_[static_cast<size_t>(match_)]; }

private:
  bool findMatch(size_t &position);
  size_t heldLength() const;
  std::string search();
  std::string take(size_t size);

  std::vector<std::string> stops_;
  std::string held_;
  std::string isText_; // for each byte of held_: 1 if it is text, 0 if it belongs to a name
  int match_ = -1;
};

} // namespace cria

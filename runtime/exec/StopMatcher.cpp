// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stop texts are few and short, so each one is searched separately. Only the text that is held back is
// kept.
#include "runtime/exec/StopMatcher.h"

#include <algorithm>

namespace cria {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string &stop) { return stop.empty(); });
}

/// Finds the match that ends first, of several the longest, so the result does not depend on how the text
/// was split into pieces.
bool StopMatcher::findMatch(size_t &position) {
  size_t end = std::string::npos;
  for (size_t i = 0; i < stops_.size(); ++i) {
    size_t found = held_.find(stops_[i]);
    if (found == held_.npos) {
      continue;
    }
    size_t itsEnd = found + stops_[i].size();
    if (itsEnd < end || (itsEnd == end && found < position)) {
      end = itsEnd;
      position = found;
      match_ = static_cast<int>(i);
    }
  }
  return matched();
}

/// Returns the length of the longest suffix of the text that is a prefix of a stop text.
size_t StopMatcher::heldLength() const {
  size_t longest = 0;
  for (const std::string &stop : stops_) {
    for (size_t length = std::min(stop.size() - 1, held_.size()); length > longest; --length) {
      if (std::string_view(held_).ends_with(std::string_view(stop).substr(0, length))) {
        longest = length;
      }
    }
  }
  return longest;
}

/// Removes bytes from the front of what is held, and returns those that are text.
std::string StopMatcher::take(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    if (isText_[i] != 0) {
      text += held_[i];
    }
  }
  held_.erase(0, size);
  isText_.erase(0, size);
  return text;
}

std::string StopMatcher::search() {
  size_t position = 0;
  if (!findMatch(position)) {
    return take(held_.size() - heldLength());
  }
  std::string text = take(position);
  held_.clear();
  isText_.clear();
  return text;
}

std::string StopMatcher::push(std::string_view piece) {
  if (matched()) {
    return {};
  }
  held_ += piece;
  isText_.append(piece.size(), 1);
  return search();
}

std::string StopMatcher::pushName(std::string_view name) {
  if (matched()) {
    return {};
  }
  held_ += name;
  isText_.append(name.size(), 0);
  return search();
}

std::string StopMatcher::finish() { return matched() ? std::string() : take(held_.size()); }

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/Completions.h"

#include <algorithm>

namespace cria::grammar {

static constexpr size_t kMaxSteps = 4096; // of one search
static constexpr int kMaxDepth = 200;     // characters

/// Characters of ASCII, first those that end a value, and the first bytes of others.
static std::string charactersInOrder() {
  std::string characters = "\"]}, :0123456789";
  for (char c = 0x20; c < 0x7F; ++c) {
    characters += characters.find(c) == std::string::npos ? std::string(1, c) : "";
  }
  for (int lead = 0xC2; lead <= 0xF4; ++lead) {
    characters += static_cast<char>(lead);
  }
  return characters;
}
static const std::string kCharacters = charactersInOrder();

static std::string bytesBetween(int first, int last) {
  std::string bytes;
  for (int byte = first; byte <= last; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}
static const std::string kContinuations = bytesBetween(0x80, 0xBF); // in UTF-8

const std::string &Completions::charactersAt(int32_t state) {
  const auto [found, isNew] = characters_.try_emplace(state);
  for (size_t i = 0; isNew && i < kCharacters.size(); ++i) {
    const bool isAlive = matcher_.isAlive(matcher_.next({state, {}}, static_cast<uint8_t>(kCharacters[i])));
    found->second += isAlive ? kCharacters.substr(i, 1) : "";
  }
  return found->second;
}

size_t Completions::count(const Position &position) {
  numSteps_ = 0;
  if (!position.partial.isComplete()) {
    return matcher_.isConditional(position) ? 0 : kMany;
  }
  return countFrom(position.state, 0);
}

/// A value that goes on without end, or beyond the bounds of the search, is taken to be kMany values, and so
/// is the end of the array.
size_t Completions::countFrom(int32_t state, int depth) {
  if (const auto known = counts_.find(state); known != counts_.end()) {
    return known->second;
  }
  if (!matcher_.isConditional({state, {}})) {
    return counts_[state] = kMany;
  }
  if (depth == kMaxDepth || !open_.insert(state).second) {
    return kMany;
  }
  size_t found = 0;
  const std::string &characters = charactersAt(state);
  for (size_t i = 0; i < characters.size() && found < kMany; ++i) {
    const auto byte = static_cast<uint8_t>(characters[i]);
    const Position position{state, {}};
    const bool isDigit = byte >= '0' && byte <= '9';
    if (byte == ' ' || byte == '\\' || isDigit || byte >= 0x80) { // may not change the value, as in 0e1
      continue;
    }
    const bool mayEnd = matcher_.decides(position, byte);
    const Position next = matcher_.nextIfRepeated(position, byte);
    found += mayEnd ? 1 : 0;
    numSteps_ += next.state == kDead ? 0 : 1;
    found += next.state == kDead ? 0 : numSteps_ > kMaxSteps ? kMany : countFrom(next.state, depth + 1);
  }
  open_.erase(state);
  return counts_[state] = std::min(found, kMany);
}

bool Completions::allows(const Position &position) {
  if (!matcher_.isAlive(position)) {
    return false;
  }
  const size_t numMembers = position.json == nullptr ? 0 : position.json->numMembers();
  if (numMembers == 0 || count(position) > numMembers) {
    return true;
  }
  numSteps_ = 0;
  return search(position, 0);
}

bool Completions::search(const Position &position, int depth) {
  if (depth == kMaxDepth || !matcher_.isConditional(position)) {
    return true;
  }
  const bool isWithin = !position.partial.isComplete(); // a character beyond ASCII
  for (const char c : isWithin ? kContinuations : charactersAt(position.state)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte == ' ' && !position.json->isInString()) { // changes no value
      continue;
    }
    const Position next = matcher_.next(position, byte);
    if (!matcher_.isAlive(next)) {
      continue;
    }
    const bool holds = matcher_.decides(position, byte) && !next.json->isRepeated();
    if (holds || ++numSteps_ > kMaxSteps || search(next, depth + 1)) {
      return true;
    }
  }
  return false;
}

} // namespace cria::grammar

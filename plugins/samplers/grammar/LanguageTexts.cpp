// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lists the texts of languages that have few.
#include "plugins/samplers/grammar/Languages.h"

namespace cria::grammar {
namespace {

using Texts = std::vector<std::string>;

constexpr size_t kMaxTextSteps = 4096; // characters that are tried, for all texts together

uint64_t sizeOf(const CharRanges &set) {
  uint64_t size = 0;
  for (const auto &[first, last] : set.ranges()) {
    size += uint64_t{last} - first + 1;
  }
  return size;
}

/// Every state is on the way to a text, so a prefix as long as the automaton shows that they have no end.
std::optional<Texts> textsOf(const Automaton &automaton, size_t maximum) {
  struct Prefix {
    uint32_t state;
    size_t length; // in characters
    std::string text;
  };
  std::vector<Prefix> open;
  if (!automaton.states.empty()) {
    open.push_back({0, 0, ""});
  }
  Texts texts;
  for (size_t step = 0; !open.empty(); ++step) {
    const Prefix prefix = open.back();
    open.pop_back();
    const Automaton::State &state = automaton.states[prefix.state];
    if (state.isFinal) {
      texts.push_back(prefix.text);
    }
    if (step > kMaxTextSteps || texts.size() > maximum || prefix.length >= automaton.states.size()) {
      return std::nullopt;
    }
    for (const auto &[set, target] : state.next) {
      if (sizeOf(set) > maximum) {
        return std::nullopt;
      }
      for (const auto &[first, last] : set.ranges()) {
        for (uint32_t c = first; c <= last; ++c) {
          open.push_back({target, prefix.length + 1, prefix.text + utf8Of(c)});
        }
      }
    }
  }
  return texts;
}

} // namespace

std::optional<std::vector<std::string>> Languages::textsOf(Id language, size_t maximum) {
  if (!nodes_[language].isPlain) {
    return grammar::textsOf(automatonOf(language), maximum);
  }
  std::vector<std::pair<Id, std::string>> open{{language, ""}};
  Texts texts;
  for (size_t step = 0; !open.empty(); ++step) {
    const auto [id, prefix] = open.back();
    open.pop_back();
    if (nodes_[id].hasEmpty) {
      texts.push_back(prefix);
    }
    if (step > kMaxTextSteps || texts.size() > maximum || nodes_[id].longest == kNoLimit) {
      return std::nullopt;
    }
    const std::vector<uint32_t> cuts = cutsOf(id);
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const Id next = derivative(id, cuts[i]);
      if (next == kNothing) {
        continue;
      }
      if (cuts[i + 1] - cuts[i] > maximum) {
        return std::nullopt;
      }
      for (uint32_t c = cuts[i]; c < cuts[i + 1]; ++c) {
        open.emplace_back(next, prefix + utf8Of(c));
      }
    }
  }
  return texts;
}

} // namespace cria::grammar

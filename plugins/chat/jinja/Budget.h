// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Budget: the limits of one rendering. Every step and every character or item created is counted, so that any
// template ends in bounded time and memory.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cria::jinja {

/// An error of a running template, without its position in the source, which Template adds.
class Failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class Budget {
public:
  /// About a second of work. A chat template needs some hundred steps per message.
  static constexpr uint64_t kMaxSteps = 2'000'000;
  /// This many characters cost one step, which bounds the memory of all texts to 256 MiB.
  static constexpr uint64_t kCharactersPerStep = 32;
  /// Levels of expressions, statements and macros; each takes a few hundred bytes of stack.
  static constexpr uint32_t kMaxDepth = 400;

  void step(uint64_t count = 1) {
    if (count > left_) {
      throw Failure("the template does not end within " + std::to_string(kMaxSteps) + " steps");
    }
    left_ -= count;
  }
  void characters(uint64_t count) { step(1 + count / kCharactersPerStep); }

  /// One level of nesting, for the lifetime of the object.
  class Level {
  public:
    explicit Level(Budget &budget) : budget_(budget) {
      budget_.step();
      if (budget_.depth_ == kMaxDepth) {
        throw Failure("the template is nested more than " + std::to_string(kMaxDepth) + " levels deep");
      }
      ++budget_.depth_;
    }
    Level(const Level &) = delete;
    Level &operator=(const Level &) = delete;
    ~Level() { --budget_.depth_; }

  private:
    Budget &budget_;
  };

private:
  uint64_t left_ = kMaxSteps;
  uint32_t depth_ = 0;
};

} // namespace cria::jinja

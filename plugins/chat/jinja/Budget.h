// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Budget: what one rendering may use. Every step and every character or item made is counted, so a template
// ends in bounded time and memory whatever it does.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace cria::jinja {

/// What cannot be done, without the place; whoever knows the place adds it.
class Failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class Budget {
public:
  /// A chat template needs some hundred steps for a message; this is a second's work.
  static constexpr uint64_t kMaxSteps = 2'000'000;
  /// Characters made cost a step for so many: at most 256 MiB in all.
  static constexpr uint64_t kCharactersPerStep = 32;
  /// Expressions in statements in macros; each level takes a few hundred bytes of stack.
  static constexpr uint32_t kMaxDepth = 400;

  void step(uint64_t count = 1) {
    if (count > left_) {
      throw Failure("the template does not end within " + std::to_string(kMaxSteps) + " steps");
    }
    left_ -= count;
  }
  void characters(uint64_t count) { step(1 + count / kCharactersPerStep); }

  /// One level of nesting while it lives.
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

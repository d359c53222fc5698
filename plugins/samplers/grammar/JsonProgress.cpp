// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/JsonProgress.h"

#include "plugins/sdk/cria_plugin.hpp"
#include "plugins/sdk/cria_utf8.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace cria::grammar {
namespace {

enum : uint64_t { kWordSeed = 1, kNumberSeed, kStringSeed, kArraySeed, kObjectSeed };

uint64_t mixed(uint64_t hash, uint64_t part) {
  hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

/// Returns the number in double precision. Numbers that are out of its range are all the same here.
double numberOf(std::string_view text) {
  double number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc::result_out_of_range) {
    return std::numeric_limits<double>::infinity();
  }
  return number == 0 ? 0 : number; // -0 is equal to 0
}

/// Returns the hash of a number, or of true, false and null.
uint64_t hashOfScalar(std::string_view text) {
  if (text.starts_with('-') || (text[0] >= '0' && text[0] <= '9')) {
    return mixed(kNumberSeed, std::bit_cast<uint64_t>(numberOf(text)));
  }
  uint64_t hash = kWordSeed;
  for (const char c : text) {
    hash = mixed(hash, static_cast<uint8_t>(c));
  }
  return hash;
}

bool isBlank(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

} // namespace

JsonProgress JsonProgress::after(uint8_t byte) const {
  JsonProgress next = *this;
  if (mode_ == Mode::string) {
    next.addToString(byte);
  } else {
    next.addBetween(byte);
  }
  return next;
}

uint64_t JsonProgress::hashHere() const { return mode_ == Mode::scalar ? hashOfScalar(token_) : hash_; }

bool JsonProgress::isRepeated() const {
  const bool mayEnd = mode_ == Mode::scalar || (mode_ == Mode::between && hasEnded_);
  if (!mayEnd || open_ == nullptr || (open_->isObject && hasName_)) {
    return false;
  }
  const std::pair<uint64_t, uint64_t> least{hashHere(), 0};
  const auto found = std::lower_bound(open_->members.begin(), open_->members.end(), least);
  return found != open_->members.end() && found->first == least.first;
}

void JsonProgress::addBetween(uint8_t byte) {
  const bool isStructural =
      isBlank(byte) || std::string_view(",:[]{}\"").find(static_cast<char>(byte)) != std::string_view::npos;
  if (!isStructural) {
    token_ =
        mode_ == Mode::scalar ? token_ + static_cast<char>(byte) : std::string(1, static_cast<char>(byte));
    mode_ = Mode::scalar;
    return;
  }
  if (mode_ == Mode::scalar) {
    end(hashOfScalar(token_));
  }
  if (byte == '"') {
    mode_ = Mode::string;
    hash_ = kStringSeed;
  } else if (byte == '[' || byte == '{') {
    open(byte == '{');
  } else if (byte == ']' || byte == '}') {
    close();
  } else if (byte == ':') {
    name_ = hash_;
    hasName_ = true;
    hasEnded_ = false;
  } else if (byte == ',' && open_ != nullptr) {
    open_ = std::make_shared<const Container>(withMember());
    hasName_ = hasEnded_ = false;
  }
}

/// A name or a value has ended.
void JsonProgress::end(uint64_t hash) {
  mode_ = Mode::between;
  hash_ = hash;
  hasEnded_ = true;
  token_.clear();
}

void JsonProgress::open(bool isObject) {
  Container inner{.outer = open_, .nameInOuter = name_, .isObject = isObject};
  if (open_ != nullptr) {
    inner.depth = open_->depth + 1;
    inner.numBefore = numMembers();
  }
  if (inner.depth > kMaxDepth) {
    throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "more than " + std::to_string(kMaxDepth) +
                                                       " arrays and objects are open in the text");
  }
  inner.sequence = kArraySeed;
  open_ = std::make_shared<const Container>(std::move(inner));
  hasName_ = hasEnded_ = false;
}

/// Returns the innermost container with the value that has ended. Of members with one name, the last counts.
JsonProgress::Container JsonProgress::withMember() const {
  Container container = *open_;
  const std::pair<uint64_t, uint64_t> member =
      container.isObject ? std::pair(name_, hash_) : std::pair(hash_, uint64_t{0});
  const auto at = std::lower_bound(container.members.begin(), container.members.end(),
                                   std::pair(member.first, uint64_t{0}));
  if (at != container.members.end() && at->first == member.first) {
    *at = member;
  } else {
    container.members.insert(at, member);
  }
  container.sequence = mixed(container.sequence, hash_);
  return container;
}

void JsonProgress::close() {
  if (open_ == nullptr) {
    return;
  }
  const Container container = hasEnded_ ? withMember() : *open_;
  uint64_t hash = container.sequence;
  if (container.isObject) {
    hash = kObjectSeed;
    for (const auto &[name, value] : container.members) {
      hash = mixed(mixed(hash, name), value);
    }
  }
  open_ = container.outer;
  name_ = container.nameInOuter;
  hasName_ = open_ != nullptr && open_->isObject;
  end(hash);
}

// ---- Strings ----

void JsonProgress::addToString(uint8_t byte) {
  if (isEscaped_) {
    addToEscape(byte);
  } else if (byte == '\\') {
    isEscaped_ = true;
    token_.clear();
  } else {
    addSurrogate();
    if (byte == '"') {
      end(hash_);
    } else {
      hash_ = mixed(hash_, byte);
    }
  }
}

void JsonProgress::addToEscape(uint8_t byte) {
  token_ += static_cast<char>(byte);
  const bool isUnicode = token_[0] == 'u';
  if (isUnicode && token_.size() < 5) {
    return;
  }
  isEscaped_ = false;
  if (!isUnicode) {
    constexpr std::string_view kNames = "bfnrt", kValues = "\b\f\n\r\t";
    const size_t index = kNames.find(token_[0]);
    return addCharacter(static_cast<uint8_t>(index == kNames.npos ? token_[0] : kValues[index]));
  }
  uint32_t value = 0;
  std::from_chars(token_.data() + 1, token_.data() + token_.size(), value, 16);
  if (surrogate_ != 0 && value >= 0xDC00 && value <= 0xDFFF) {
    const uint32_t first = std::exchange(surrogate_, 0);
    return addCharacter(0x10000 + ((first - 0xD800U) << 10) + (value - 0xDC00));
  }
  addSurrogate();
  if (value >= 0xD800 && value <= 0xDBFF) {
    surrogate_ = static_cast<uint16_t>(value);
  } else {
    addCharacter(value);
  }
}

void JsonProgress::addCharacter(uint32_t character) {
  addSurrogate();
  std::string bytes;
  plugin::appendUtf8(bytes, character);
  for (const char byte : bytes) {
    hash_ = mixed(hash_, static_cast<uint8_t>(byte));
  }
}

/// Adds the first half of a pair whose second half did not follow, as no character is encoded.
void JsonProgress::addSurrogate() {
  if (surrogate_ != 0) {
    hash_ = mixed(mixed(hash_, 0xFF), std::exchange(surrogate_, 0));
  }
}

} // namespace cria::grammar

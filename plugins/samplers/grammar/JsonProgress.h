// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JsonProgress: what is known of the values in a prefix of a text of JSON, as far as it decides whether items
// of an array, or names of an object, repeat.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cria::grammar {

/// Values are compared by hashes of what JSON Schema compares: numbers by value in double precision, strings
/// without escapes, objects without order. So equal values are found equal; two that differ may be found
/// equal, as are numbers that double precision does not distinguish. Immutable; copies share what they have.
/// Thread-safe.
class JsonProgress {
public:
  static constexpr uint32_t kMaxDepth = 10000;

  /// Returns the progress after one more byte of the text, which a grammar of JSON texts allows. Errors:
  /// throws plugin::Refusal (UNSUPPORTED) if more than kMaxDepth arrays and objects are open.
  JsonProgress after(uint8_t byte) const;
  /// Returns whether the item or the name that ends with the last byte, or would if the text went on with
  /// something else, is equal to an earlier one of the innermost open array or object.
  bool isRepeated() const;
  bool isInString() const { return mode_ == Mode::string; }
  /// Returns the number of complete items and members of all open arrays and objects.
  size_t numMembers() const { return open_ == nullptr ? 0 : open_->numBefore + open_->members.size(); }

private:
  /// An array or object that has not ended.
  struct Container {
    std::shared_ptr<const Container> outer;
    uint64_t nameInOuter = 0;
    bool isObject = false;
    uint32_t depth = 1;
    size_t numBefore = 0;                               // members of those around it
    uint64_t sequence = 0;                              // of the items of an array
    std::vector<std::pair<uint64_t, uint64_t>> members; // ascending: names and values, or items
  };
  enum class Mode : uint8_t { between, scalar, string };

  bool isAtName() const { return open_ != nullptr && open_->isObject && !hasName_; }
  uint64_t hashHere() const;
  void addBetween(uint8_t byte);
  void addToString(uint8_t byte);
  void addToEscape(uint8_t byte);
  void addCharacter(uint32_t character);
  void addSurrogate();
  void open(bool isObject);
  void close();
  Container withMember() const;
  void end(uint64_t hash);

  std::shared_ptr<const Container> open_;
  Mode mode_ = Mode::between;
  bool hasName_ = false;   // of the member that is being read
  bool hasEnded_ = false;  // a name or a value, of which `hash_` is the hash
  bool isEscaped_ = false; // a backslash has been read
  uint16_t surrogate_ = 0; // the first of a pair, whose second is expected
  uint64_t name_ = 0, hash_ = 0;
  std::string token_; // a number or a word, or an escape
};

} // namespace cria::grammar

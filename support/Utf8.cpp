// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows the table of well-formed UTF-8 byte sequences in the Unicode standard (table 3-7).
#include "support/Utf8.h"

#include <cstdint>

namespace cria::utf8 {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// The properties of a first byte: the size of its sequence, and the range of the second byte.
struct Lead {
  int length; // 0: not a first byte
  uint8_t secondLow;
  uint8_t secondHigh;
};

} // namespace

static Lead leadOf(uint8_t byte) {
  if (byte < 0x80) {
    return {1, 0, 0};
  }
  if (byte < 0xC2 || byte > 0xF4) {
    return {0, 0, 0};
  }
  if (byte < 0xE0) {
    return {2, 0x80, 0xBF};
  }
  if (byte < 0xF0) { // no overlong forms (E0), no surrogates (ED)
    return {3, static_cast<uint8_t>(byte == 0xE0 ? 0xA0 : 0x80),
            static_cast<uint8_t>(byte == 0xED ? 0x9F : 0xBF)};
  }
  return {4, static_cast<uint8_t>(byte == 0xF0 ? 0x90 : 0x80),
          static_cast<uint8_t>(byte == 0xF4 ? 0x8F : 0xBF)};
}

int measure(std::string_view bytes) {
  const Lead lead = leadOf(static_cast<uint8_t>(bytes[0]));
  for (int i = 1; i < lead.length; ++i) {
    if (static_cast<size_t>(i) == bytes.size()) {
      return -1;
    }
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if (byte < (i == 1 ? lead.secondLow : 0x80) || byte > (i == 1 ? lead.secondHigh : 0xBF)) {
      return 0;
    }
  }
  return lead.length;
}

size_t findInvalid(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const int length = measure(text.substr(at));
    if (length <= 0) {
      return at;
    }
    at += static_cast<size_t>(length);
  }
  return std::string_view::npos;
}

std::string takeComplete(std::string &bytes) {
  std::string result;
  size_t at = 0;
  while (at < bytes.size()) {
    const int length = measure(std::string_view(bytes).substr(at));
    if (length < 0) {
      break;
    }
    if (length == 0) {
      result += kReplacement;
      at += 1;
    } else {
      result.append(bytes, at, static_cast<size_t>(length));
      at += static_cast<size_t>(length);
    }
  }
  bytes.erase(0, at);
  return result;
}

std::string replaceInvalid(std::string_view bytes) {
  std::string rest(bytes);
  std::string result = takeComplete(rest);
  for (size_t i = 0; i < rest.size(); ++i) {
    result += kReplacement;
  }
  return result;
}

} // namespace cria::utf8

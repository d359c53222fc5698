// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/Utf8.h"

#include "support/Utf8Prefix.h"

namespace cria::utf8 {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

} // namespace

int measure(std::string_view bytes) {
  Prefix prefix;
  for (const char byte : bytes) {
    if (!prefix.add(static_cast<uint8_t>(byte))) {
      return 0;
    }
    if (prefix.isComplete()) {
      return prefix.size;
    }
  }
  return -1;
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

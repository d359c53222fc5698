// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TokenFinder.h"

#include "runtime/text/Characters.h"

#include <algorithm>

namespace cria {

void TokenFinder::add(const AddedToken &token) {
  Pass &pass = passes_[token.isNormalized ? 1 : 0];
  pass.tokenOfText.emplace(token.text, &token);
  pass.sizesOfFirstByte[static_cast<uint8_t>(token.text.front())].insert(token.text.size());
}

const AddedToken *TokenFinder::Pass::findAt(std::string_view text, size_t at) const {
  for (const size_t size : sizesOfFirstByte[static_cast<uint8_t>(text[at])]) {
    const auto found = size <= text.size() - at ? tokenOfText.find(text.substr(at, size)) : tokenOfText.end();
    if (found != tokenOfText.end()) {
      return found->second;
    }
  }
  return nullptr;
}

/// Whether the token counts at [begin, end) of the text. One that does not is text, and so is what begins in
/// it.
static bool counts(const AddedToken &token, std::string_view text, size_t begin, size_t end,
                   SpecialTokens specials) {
  if (token.isSpecial && specials == SpecialTokens::asText) {
    return false;
  }
  return !token.isWord || !(endsWithWord(text.substr(0, begin)) || beginsWithWord(text.substr(end)));
}

void TokenFinder::Pass::split(std::string_view text, SpecialTokens specials,
                              std::vector<TextPart> &parts) const {
  size_t done = 0; // the bytes that are in parts
  for (size_t at = 0; at < text.size();) {
    const AddedToken *token = findAt(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at;
    at += token->text.size();
    if (!counts(*token, text, begin, at, specials)) {
      continue;
    }
    if (token->stripsLeft) {
      begin = std::max(done, begin - trailingSpace(text.substr(0, begin)));
    }
    const size_t end = at + (token->stripsRight ? leadingSpace(text.substr(at)) : 0);
    if (begin > done) {
      parts.push_back({.text = text.substr(done, begin - done)});
    }
    if (begin < end) { // otherwise the token before it has stripped it
      parts.push_back({.text = {}, .id = static_cast<int32_t>(token->id)});
    }
    done = end;
  }
  if (done < text.size()) {
    parts.push_back({.text = text.substr(done)});
  }
}

std::vector<TextPart> TokenFinder::split(std::string_view text, SpecialTokens specials) const {
  std::vector<TextPart> parts, result;
  passes_[0].split(text, specials, parts);
  if (passes_[1].tokenOfText.empty()) {
    return parts;
  }
  for (const TextPart &part : parts) {
    if (part.id >= 0) {
      result.push_back(part);
    } else {
      passes_[1].split(part.text, specials, result);
    }
  }
  return result;
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/TokenFinder.h"

namespace cria {

TokenFlags flagsOf(const AddedToken &token) {
  return {.stripsLeft = token.stripsLeft,
          .stripsRight = token.stripsRight,
          .isWord = token.isWord,
          .isNormalized = token.isNormalized};
}

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
  return !token.isWord || !touchesWord(text, begin, end);
}

void TokenFinder::Pass::split(std::string_view text, SpecialTokens specials,
                              std::vector<TextPart> &parts) const {
  TextSplitter splitter(text, parts);
  for (size_t at = 0; at < text.size();) {
    const AddedToken *token = findAt(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    const size_t begin = at;
    at += token->text.size();
    if (counts(*token, text, begin, at, specials)) {
      splitter.take(begin, at, static_cast<int32_t>(token->id), flagsOf(*token));
    }
  }
  splitter.finish();
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

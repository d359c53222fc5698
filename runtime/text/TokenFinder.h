// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TokenFinder: splits a text at the tokens in it, by the rules of Hugging Face tokenizers. Tokens that are
// not normalized are found first, the others in what is left: the leftmost first, and the longest of those
// that begin at the same byte.
#pragma once

#include "format/AddedToken.h"
#include "runtime/text/TextSplitter.h"

#include <functional>
#include <set>
#include <unordered_map>

namespace cria {

TokenFlags flagsOf(const AddedToken &token);

class TokenFinder {
public:
  /// The token outlives the finder.
  void add(const AddedToken &token);

  /// Splits `text`, which the parts are views of. Special tokens are found with SpecialTokens::asTokens
  /// alone.
  std::vector<TextPart> split(std::string_view text, SpecialTokens specials) const;

private:
  struct Pass {
    std::unordered_map<std::string_view, const AddedToken *> tokenOfText;
    std::set<size_t, std::greater<>> sizesOfFirstByte[256]; // longest first

    const AddedToken *findAt(std::string_view text, size_t at) const;
    void split(std::string_view text, SpecialTokens specials, std::vector<TextPart> &parts) const;
  };

  Pass passes_[2]; // tokens that are not normalized, and those that are
};

} // namespace cria

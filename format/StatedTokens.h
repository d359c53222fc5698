// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StatedTokens: what a checkpoint states about the tokens of its tokenizer, by name. What it means for ids is
// known once the tokenizer is open (runtime/text/ResolveTokens.h).
#pragma once

#include "format/AddedToken.h"
#include "format/PrefixRule.h"

#include <optional>
#include <string>
#include <vector>

namespace cria {

struct StatedTokens {
  /// Sorted by id. Tokens of the tokenizer file may be among them.
  std::vector<AddedToken> added;
  /// Names of special tokens, whose ids are those of the tokenizer, or the next free ones, in this order.
  std::vector<std::string> special;
  /// The names of BOS and EOS. nullopt: not stated, so those of the tokenizer; empty: there is none.
  std::optional<std::string> bos, eos;
  /// A prompt begins with BOS.
  bool addsBos = true;
  PrefixRule prefix = PrefixRule::always;

  bool operator==(const StatedTokens &) const = default;
};

} // namespace cria

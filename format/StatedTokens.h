// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StatedTokens: what a checkpoint states about the tokens of its tokenizer, by name. What it means for ids is
// known once the tokenizer is open (runtime/text/ResolveTokens.h).
#pragma once

#include "format/AddedToken.h"
#include "format/PrefixRule.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cria {

struct StatedTokens {
  /// Sorted by id. Tokens of the tokenizer file may be among them.
  std::vector<AddedToken> added;
  /// Further tokens, most of them special, without ids: those of the tokenizer with these names, or the next
  /// free ids in this order.
  std::vector<AddedToken> special;
  /// Pieces with ids that a second file states beside the tokenizer's; empty: there is none.
  std::vector<std::pair<int64_t, std::string>> vocabulary;
  /// The names of other roles that templates may write, as {"pad_token", "<pad>"}.
  std::vector<std::pair<std::string, std::string>> names;
  /// The names of BOS and EOS. nullopt: not stated, so those of the tokenizer; empty: there is none.
  std::optional<std::string> bos, eos;
  /// A prompt begins with BOS, or with the token of this name.
  bool addsBos = true;
  std::optional<std::string> promptBos;
  PrefixRule prefix = PrefixRule::always;

  bool operator==(const StatedTokens &) const = default;
};

} // namespace cria

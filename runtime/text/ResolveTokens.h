// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolveTokens: from the names that a checkpoint states to the ids of its tokenizer (docs/checkpoints.md).
#pragma once

#include "format/ModelConfig.h"
#include "format/StatedTokens.h"
#include "runtime/text/AddedTokens.h"

namespace cria {

struct ResolvedTokens {
  TokenLayer layer;
  int64_t bosId = -1; // begins every prompt; -1: none
};

/// Finds the ids of the stated tokens. A token that cannot be added is left out with a note that begins with
/// `where`, and so are ids from the model's vocabulary size on. Other notes say where the token files and the
/// configuration disagree.
ResolvedTokens resolveTokens(const Tokenizer &base, const StatedTokens &stated, const ModelConfig &model,
                             std::string_view where, std::vector<std::string> &notes);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/GbnfTokens.h"

#include "plugins/sdk/cria_plugin.hpp"

namespace cria::grammar {

/// Returns the token with that name, or else with those bytes.
static std::optional<uint32_t> findToken(const cria_vocabulary &vocabulary, std::string_view text) {
  for (const cria_string *texts : {vocabulary.names, vocabulary.pieces}) {
    for (uint32_t id = 0; id < vocabulary.size; ++id) {
      if (plugin::view(texts[id]) == text) {
        return id;
      }
    }
  }
  return std::nullopt;
}

/// Takes the rest of "<[13]>".
static uint32_t takeId(GbnfCursor &cursor, const cria_vocabulary *vocabulary) {
  const size_t begin = cursor.at();
  const uint32_t id = cursor.takeCount(kMaxTokens - 1);
  if (vocabulary != nullptr && id >= vocabulary->size) {
    cursor.failAt(begin, "expected the id of a token below " + std::to_string(vocabulary->size) + ", got " +
                             std::to_string(id));
  }
  if (!cursor.take("]>")) {
    cursor.expected("']>' after the id of a token");
  }
  return id;
}

/// Takes "<think>", brackets included.
static uint32_t takeNamed(GbnfCursor &cursor, const cria_vocabulary *vocabulary) {
  const size_t begin = cursor.at();
  std::string text;
  do {
    if (cursor.atEnd() || cursor.isNewline()) {
      cursor.expected("'>' at the end of a token");
    }
    text += cursor.peek();
    cursor.skip();
  } while (text.back() != '>');
  const std::optional<uint32_t> id = vocabulary == nullptr ? std::nullopt : findToken(*vocabulary, text);
  if (!id) {
    cursor.failAt(begin, "the vocabulary has no token '" + text +
                             "'; write an id as in <[13]>, or the text as in \"" + text + "\"");
  }
  return *id;
}

bool isAtToken(const GbnfCursor &cursor) {
  return cursor.peek() == '<' || (cursor.peek() == '!' && cursor.peek(1) == '<');
}

/// A text ends where its grammar is complete, and never in the middle of one.
static void checkIsNoEnd(const GbnfCursor &cursor, size_t begin, uint32_t id,
                         const cria_vocabulary *vocabulary) {
  for (uint32_t i = 0; vocabulary != nullptr && i < vocabulary->num_eos; ++i) {
    if (vocabulary->eos_ids[i] == static_cast<int32_t>(id)) {
      cursor.failAt(begin, "token " + std::to_string(id) +
                               " ends the text, which it may wherever the grammar is complete; leave it out");
    }
  }
}

Symbol takeTokenSymbol(GbnfCursor &cursor, const cria_vocabulary *vocabulary) {
  const bool isNegated = cursor.take("!");
  const size_t begin = cursor.at();
  const uint32_t id = cursor.take("<[") ? takeId(cursor, vocabulary) : takeNamed(cursor, vocabulary);
  if (!isNegated) {
    checkIsNoEnd(cursor, begin, id, vocabulary);
  }
  const uint32_t token = kFirstToken + id;
  Symbol symbol;
  symbol.ranges = {{token, token}};
  if (isNegated) {
    symbol.ranges = {{token + 1, kFirstToken + kMaxTokens}};
    if (token > kFirstToken) {
      symbol.ranges.insert(symbol.ranges.begin(), {kFirstToken, token - 1});
    }
  }
  return symbol;
}

} // namespace cria::grammar

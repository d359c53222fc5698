// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grammars, and the check of a text, that several tests use.
#pragma once

#include "plugins/samplers/grammar/Matcher.h"

namespace cria::grammar {

inline constexpr const char *kArithmetic = R"gbnf(
root  ::= (expr "=" ws term "\n")+
expr  ::= term ([-+*/] ws term)*
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]+ ws
ws    ::= [ \t]*
)gbnf";

/// A text of JSON, its blanks bounded.
inline constexpr const char *kJson = R"gbnf(
root    ::= object
value   ::= object | array | string | number | ("true" | "false" | "null") ws
object  ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array   ::= "[" ws ( value ("," ws value)* )? "]" ws
string  ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\"" ws
number  ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws      ::= | " " | "\n" [ \t]{0,20}
)gbnf";

inline bool accepts(Matcher &matcher, std::string_view text) {
  Position position = matcher.start();
  for (const char byte : text) {
    position = matcher.next(position, static_cast<uint8_t>(byte));
  }
  return matcher.isComplete(position);
}

} // namespace cria::grammar

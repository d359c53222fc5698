// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses tokens into expressions, with the precedences of Jinja.
#pragma once

#include "plugins/chat/jinja/Lexer.h"
#include "plugins/chat/jinja/Nodes.h"

namespace cria::jinja {

class ExpressionParser {
public:
  explicit ExpressionParser(TokenStream &tokens) : tokens_(tokens) {}

  ExpressionPtr parse(bool withConditional = true);
  /// Parses one expression, or a tuple of expressions separated by commas. `end` is a name that ends it, in
  /// addition to the end of the tag.
  ExpressionPtr parseTuple(bool withConditional = true, std::string_view end = {});
  ExpressionPtr parsePrimary();
  /// Parses the filters, tests and calls that follow `subject`.
  ExpressionPtr parseFilters(ExpressionPtr subject);
  /// Parses one filter without its bar, as in {% filter upper %}.
  ExpressionPtr parseFilter(ExpressionPtr subject);

  /// Returns the node with its depth set. Errors: SyntaxFailure when the tree is too deep.
  static ExpressionPtr finish(Expression expression);
  /// One level of recursion, for the lifetime of the object.
  class Level;

private:
  using Parse = ExpressionPtr (ExpressionParser::*)();

  ExpressionPtr parseConditional();
  ExpressionPtr parseOr();
  ExpressionPtr parseAnd();
  ExpressionPtr parseNot();
  ExpressionPtr parseCompare();
  ExpressionPtr parseSum();
  ExpressionPtr parseConcatenation();
  ExpressionPtr parseProduct();
  ExpressionPtr parsePower();
  ExpressionPtr parseUnary() { return parseSigned(true); }
  ExpressionPtr parseSigned(bool withFilters);
  ExpressionPtr parsePostfix(ExpressionPtr subject);
  ExpressionPtr parseSubscript(ExpressionPtr subject);
  ExpressionPtr parseCall(ExpressionPtr subject);
  ExpressionPtr parseTest(ExpressionPtr subject);
  ExpressionPtr parseBinary(Parse operand, std::initializer_list<std::string_view> operators);
  ExpressionPtr parseLogical(Parse operand, std::string_view word, Expression::Kind kind);
  ExpressionPtr parseString();
  ExpressionPtr parseList();
  ExpressionPtr parseDict();
  Arguments parseArguments();
  bool isTupleEnd(std::string_view end) const;
  std::optional<std::string> takeComparison();

  TokenStream &tokens_;
  uint32_t depth_ = 0;
};

} // namespace cria::jinja

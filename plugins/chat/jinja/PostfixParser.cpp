// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What follows a primary expression: attributes, subscripts, calls, filters and tests.
#include "plugins/chat/jinja/ExpressionParser.h"
#include "plugins/chat/jinja/Filters.h"
#include "plugins/chat/jinja/Tests.h"

#include <algorithm>

namespace cria::jinja {

using Kind = Expression::Kind;

static Expression over(Kind kind, size_t at, ExpressionPtr subject, std::string name = {}) {
  Expression expression{.kind = kind, .at = at, .name = std::move(name)};
  expression.children.push_back(std::move(subject));
  return expression;
}

ExpressionPtr ExpressionParser::parsePostfix(ExpressionPtr subject) {
  for (;;) {
    if (tokens_.isSymbol(".") || tokens_.isSymbol("[")) {
      subject = parseSubscript(std::move(subject));
    } else if (tokens_.isSymbol("(")) {
      subject = parseCall(std::move(subject));
    } else {
      return subject;
    }
  }
}

ExpressionPtr ExpressionParser::parseSubscript(ExpressionPtr subject) {
  const size_t at = tokens_.current().at;
  if (tokens_.skipSymbol(".")) {
    if (tokens_.is(Token::Kind::integer)) {
      Expression index = over(Kind::index, at, std::move(subject));
      index.children.push_back(parsePrimary());
      return finish(std::move(index));
    }
    const Token &name = tokens_.expect(Token::Kind::name, "the name of an attribute");
    return finish(over(Kind::attribute, at, std::move(subject), name.word));
  }
  tokens_.take();
  Expression result = over(Kind::index, at, std::move(subject));
  result.children.push_back(tokens_.isSymbol(":") ? nullptr : parse());
  while (tokens_.skipSymbol(":") && result.children.size() < 4) {
    result.kind = Kind::slice;
    const bool isLeftOut = tokens_.isSymbol(":") || tokens_.isSymbol("]");
    result.children.push_back(isLeftOut ? nullptr : parse());
  }
  if (result.kind == Kind::slice) {
    result.children.resize(4);
  }
  tokens_.expectSymbol("]");
  return finish(std::move(result));
}

Arguments ExpressionParser::parseArguments() {
  Arguments arguments;
  tokens_.expectSymbol("(");
  while (!tokens_.isSymbol(")")) {
    const Token &next = tokens_.look();
    if (tokens_.is(Token::Kind::name) && next.kind == Token::Kind::symbol && next.word == "=") {
      std::string name = tokens_.take().word;
      tokens_.take();
      arguments.named.emplace_back(std::move(name), parse());
    } else if (tokens_.isSymbol("*") || tokens_.isSymbol("**")) {
      tokens_.fail("expected an argument (unpacking with * is not supported)");
    } else if (!arguments.named.empty()) {
      tokens_.fail("expected an argument with a name after one with a name");
    } else {
      arguments.positional.push_back(parse());
    }
    if (!tokens_.skipSymbol(",") && !tokens_.isSymbol(")")) {
      tokens_.fail("expected ',' or ')'");
    }
  }
  tokens_.take();
  return arguments;
}

ExpressionPtr ExpressionParser::parseCall(ExpressionPtr subject) {
  Expression call = over(Kind::call, tokens_.current().at, std::move(subject));
  call.arguments = parseArguments();
  return finish(std::move(call));
}

ExpressionPtr ExpressionParser::parseFilters(ExpressionPtr subject) {
  for (;;) {
    if (tokens_.skipSymbol("|")) {
      subject = parseFilter(std::move(subject));
    } else if (tokens_.isName("is")) {
      subject = parseTest(std::move(subject));
    } else if (tokens_.isSymbol("(")) {
      subject = parseCall(std::move(subject));
    } else {
      return subject;
    }
  }
}

ExpressionPtr ExpressionParser::parseFilter(ExpressionPtr subject) {
  const Token &name = tokens_.expect(Token::Kind::name, "the name of a filter");
  if (!isFilter(name.word)) {
    throw SyntaxFailure(name.at, "the filter '" + name.word + "' is not known here");
  }
  Expression filter = over(Kind::filter, name.at, std::move(subject), name.word);
  if (tokens_.isSymbol("(")) {
    filter.arguments = parseArguments();
  }
  return finish(std::move(filter));
}

ExpressionPtr ExpressionParser::parseTest(ExpressionPtr subject) {
  tokens_.take();
  const bool isNegated = tokens_.skipName("not");
  const Token &name = tokens_.expect(Token::Kind::name, "the name of a test");
  if (!isTest(name.word)) {
    throw SyntaxFailure(name.at, "the test '" + name.word + "' is not known here");
  }
  Expression test = over(Kind::test, name.at, std::move(subject), name.word);
  const bool endsHere = tokens_.isName("else") || tokens_.isName("or") || tokens_.isName("and");
  const bool isLiteral = tokens_.is(Token::Kind::string) || tokens_.is(Token::Kind::integer) ||
                         tokens_.is(Token::Kind::real) || tokens_.isSymbol("[") || tokens_.isSymbol("{");
  if (tokens_.isSymbol("(")) {
    test.arguments = parseArguments();
  } else if (tokens_.isName("is")) {
    tokens_.fail("expected no second test");
  } else if (isLiteral || (tokens_.is(Token::Kind::name) && !endsHere)) {
    test.arguments.positional.push_back(parsePostfix(parsePrimary()));
  }
  ExpressionPtr result = finish(std::move(test));
  return isNegated ? finish(over(Kind::logicalNot, name.at, std::move(result))) : std::move(result);
}

} // namespace cria::jinja

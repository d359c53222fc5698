// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/ExpressionParser.h"

#include "plugins/chat/jinja/Filters.h"
#include "plugins/chat/jinja/Tests.h"

#include <algorithm>

namespace cria::jinja {

using Kind = Expression::Kind;

/// Of brackets and signs: each level takes a dozen calls on the stack.
static constexpr uint32_t kMaxBrackets = 64;
/// Levels of the tree: a chain of operators is as deep as it is long.
static constexpr uint32_t kMaxTree = 250;

class ExpressionParser::Level {
public:
  explicit Level(ExpressionParser &parser) : parser_(parser) {
    if (++parser_.depth_ > kMaxBrackets) {
      parser_.tokens_.fail("expected at most " + std::to_string(kMaxBrackets) + " levels of nesting");
    }
  }
  Level(const Level &) = delete;
  Level &operator=(const Level &) = delete;
  ~Level() { --parser_.depth_; }

private:
  ExpressionParser &parser_;
};

static ExpressionPtr makeConstant(size_t at, Value value) {
  return ExpressionParser::finish({.kind = Kind::constant, .at = at, .constant = std::move(value)});
}

static Expression node(Kind kind, size_t at, ExpressionPtr first, ExpressionPtr second = nullptr) {
  Expression expression{.kind = kind, .at = at};
  expression.children.push_back(std::move(first));
  if (second != nullptr) {
    expression.children.push_back(std::move(second));
  }
  return expression;
}

ExpressionPtr ExpressionParser::finish(Expression expression) {
  const auto count = [&](const ExpressionPtr &child) {
    expression.depth = std::max(expression.depth, child == nullptr ? 0 : child->depth + 1);
  };
  std::ranges::for_each(expression.children, count);
  std::ranges::for_each(expression.arguments.positional, count);
  for (const auto &[name, value] : expression.arguments.named) {
    count(value);
  }
  if (expression.depth > kMaxTree) {
    throw SyntaxFailure(expression.at,
                        "expected an expression of at most " + std::to_string(kMaxTree) + " levels");
  }
  return std::make_unique<Expression>(std::move(expression));
}

ExpressionPtr ExpressionParser::parse(bool withConditional) {
  return withConditional ? parseConditional() : parseOr();
}

ExpressionPtr ExpressionParser::parseConditional() {
  const Level level(*this);
  ExpressionPtr result = parseOr();
  while (tokens_.isName("if")) {
    const size_t at = tokens_.take().at;
    ExpressionPtr condition = parseOr();
    Expression choice = node(Kind::conditional, at, std::move(condition), std::move(result));
    choice.children.push_back(tokens_.skipName("else") ? parseConditional() : nullptr);
    result = finish(std::move(choice));
  }
  return result;
}

ExpressionPtr ExpressionParser::parseLogical(Parse operand, std::string_view word, Kind kind) {
  ExpressionPtr left = (this->*operand)();
  while (tokens_.isName(word)) {
    const size_t at = tokens_.take().at;
    ExpressionPtr right = (this->*operand)();
    left = finish(node(kind, at, std::move(left), std::move(right)));
  }
  return left;
}

ExpressionPtr ExpressionParser::parseOr() {
  return parseLogical(&ExpressionParser::parseAnd, "or", Kind::logicalOr);
}

ExpressionPtr ExpressionParser::parseAnd() {
  return parseLogical(&ExpressionParser::parseNot, "and", Kind::logicalAnd);
}

ExpressionPtr ExpressionParser::parseNot() {
  if (!tokens_.isName("not")) {
    return parseCompare();
  }
  const Level level(*this);
  const size_t at = tokens_.take().at;
  return finish(node(Kind::logicalNot, at, parseNot()));
}

std::optional<std::string> ExpressionParser::takeComparison() {
  for (const std::string_view symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (tokens_.skipSymbol(symbol)) {
      return std::string(symbol);
    }
  }
  if (tokens_.skipName("in")) {
    return "in";
  }
  if (tokens_.isName("not") && tokens_.look().kind == Token::Kind::name && tokens_.look().word == "in") {
    tokens_.take();
    tokens_.take();
    return "not in";
  }
  return std::nullopt;
}

ExpressionPtr ExpressionParser::parseCompare() {
  const size_t at = tokens_.current().at;
  ExpressionPtr first = parseSum();
  std::optional<std::string> symbol = takeComparison();
  if (!symbol) {
    return first;
  }
  Expression chain = node(Kind::compare, at, std::move(first));
  for (; symbol; symbol = takeComparison()) {
    chain.names.push_back(*symbol);
    chain.children.push_back(parseSum());
  }
  return finish(std::move(chain));
}

ExpressionPtr ExpressionParser::parseBinary(Parse operand,
                                            std::initializer_list<std::string_view> operators) {
  ExpressionPtr left = (this->*operand)();
  while (std::ranges::any_of(operators, [&](std::string_view word) { return tokens_.isSymbol(word); })) {
    const Token &token = tokens_.take();
    ExpressionPtr right = (this->*operand)();
    Expression binary = node(Kind::binary, token.at, std::move(left), std::move(right));
    binary.name = token.word;
    left = finish(std::move(binary));
  }
  return left;
}

ExpressionPtr ExpressionParser::parseSum() {
  return parseBinary(&ExpressionParser::parseConcatenation, {"+", "-"});
}

ExpressionPtr ExpressionParser::parseConcatenation() {
  const size_t at = tokens_.current().at;
  ExpressionPtr first = parseProduct();
  if (!tokens_.isSymbol("~")) {
    return first;
  }
  Expression joined = node(Kind::concatenate, at, std::move(first));
  while (tokens_.skipSymbol("~")) {
    joined.children.push_back(parseProduct());
  }
  return finish(std::move(joined));
}

ExpressionPtr ExpressionParser::parseProduct() {
  return parseBinary(&ExpressionParser::parsePower, {"*", "/", "//", "%"});
}

ExpressionPtr ExpressionParser::parsePower() { return parseBinary(&ExpressionParser::parseUnary, {"**"}); }

ExpressionPtr ExpressionParser::parseSigned(bool withFilters) {
  const Level level(*this);
  const size_t at = tokens_.current().at;
  ExpressionPtr result;
  if (tokens_.skipSymbol("-")) {
    result = finish(node(Kind::negate, at, parseSigned(false)));
  } else if (tokens_.skipSymbol("+")) {
    result = finish(node(Kind::plus, at, parseSigned(false)));
  } else {
    result = parsePrimary();
  }
  result = parsePostfix(std::move(result));
  return withFilters ? parseFilters(std::move(result)) : std::move(result);
}

ExpressionPtr ExpressionParser::parseString() {
  const size_t at = tokens_.current().at;
  Text text;
  while (tokens_.is(Token::Kind::string)) {
    text += tokens_.take().text;
  }
  return makeConstant(at, Value(std::make_shared<const Text>(std::move(text))));
}

ExpressionPtr ExpressionParser::parsePrimary() {
  const Token &token = tokens_.current();
  switch (token.kind) {
  case Token::Kind::string:
    return parseString();
  case Token::Kind::integer:
    tokens_.take();
    return makeConstant(token.at, Value(token.integer));
  case Token::Kind::real:
    tokens_.take();
    return makeConstant(token.at, Value(token.real));
  case Token::Kind::name:
    tokens_.take();
    if (token.word == "true" || token.word == "True" || token.word == "false" || token.word == "False") {
      return makeConstant(token.at, Value(token.word == "true" || token.word == "True"));
    }
    if (token.word == "none" || token.word == "None") {
      return makeConstant(token.at, Value());
    }
    return finish({.kind = Kind::name, .at = token.at, .name = token.word});
  case Token::Kind::text:
  case Token::Kind::variableBegin:
  case Token::Kind::variableEnd:
  case Token::Kind::blockBegin:
  case Token::Kind::blockEnd:
  case Token::Kind::symbol:
  case Token::Kind::end:
    break;
  }
  if (tokens_.isSymbol("[")) {
    return parseList();
  }
  if (tokens_.isSymbol("{")) {
    return parseDict();
  }
  if (!tokens_.skipSymbol("(")) {
    tokens_.fail("expected an expression");
  }
  ExpressionPtr inner = parseTuple(true, "(");
  tokens_.expectSymbol(")");
  return inner;
}

ExpressionPtr ExpressionParser::parseList() {
  Expression list{.kind = Kind::list, .at = tokens_.take().at};
  while (!tokens_.isSymbol("]")) {
    if (!list.children.empty()) {
      tokens_.expectSymbol(",");
      if (tokens_.isSymbol("]")) {
        break;
      }
    }
    list.children.push_back(parse());
  }
  tokens_.take();
  return finish(std::move(list));
}

ExpressionPtr ExpressionParser::parseDict() {
  Expression dict{.kind = Kind::dict, .at = tokens_.take().at};
  while (!tokens_.isSymbol("}")) {
    if (!dict.children.empty()) {
      tokens_.expectSymbol(",");
      if (tokens_.isSymbol("}")) {
        break;
      }
    }
    dict.children.push_back(parse());
    tokens_.expectSymbol(":");
    dict.children.push_back(parse());
  }
  tokens_.take();
  return finish(std::move(dict));
}

bool ExpressionParser::isTupleEnd(std::string_view end) const {
  return tokens_.is(Token::Kind::variableEnd) || tokens_.is(Token::Kind::blockEnd) || tokens_.isSymbol(")") ||
         (!end.empty() && tokens_.isName(end));
}

/// `end` is "(" within parentheses; only there may a tuple be empty.
ExpressionPtr ExpressionParser::parseTuple(bool withConditional, std::string_view end) {
  Expression tuple{.kind = Kind::tuple, .at = tokens_.current().at};
  bool hasComma = false;
  while (!isTupleEnd(end)) {
    tuple.children.push_back(parse(withConditional));
    if (!tokens_.skipSymbol(",")) {
      break;
    }
    hasComma = true;
  }
  if (!hasComma && !tuple.children.empty()) {
    return std::move(tuple.children[0]);
  }
  if (tuple.children.empty() && end != "(") {
    tokens_.fail("expected an expression");
  }
  return finish(std::move(tuple));
}

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
      tokens_.fail("expected a keyword argument after a keyword argument");
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
    throw SyntaxFailure(name.at, "no filter named '" + name.word + "'");
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
    throw SyntaxFailure(name.at, "no test named '" + name.word + "'");
  }
  Expression test = over(Kind::test, name.at, std::move(subject), name.word);
  const bool endsHere = tokens_.isName("else") || tokens_.isName("or") || tokens_.isName("and");
  const bool isLiteral = tokens_.is(Token::Kind::string) || tokens_.is(Token::Kind::integer) ||
                         tokens_.is(Token::Kind::real) || tokens_.isSymbol("[") || tokens_.isSymbol("{");
  if (tokens_.isSymbol("(")) {
    test.arguments = parseArguments();
  } else if (tokens_.isName("is")) {
    tokens_.fail("expected a single test (chained tests are not supported)");
  } else if (isLiteral || (tokens_.is(Token::Kind::name) && !endsHere)) {
    test.arguments.positional.push_back(parsePostfix(parsePrimary()));
  }
  ExpressionPtr result = finish(std::move(test));
  return isNegated ? finish(over(Kind::logicalNot, name.at, std::move(result))) : std::move(result);
}

} // namespace cria::jinja

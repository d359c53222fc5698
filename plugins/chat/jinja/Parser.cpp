// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/chat/jinja/Parser.h"

#include "plugins/chat/jinja/ExpressionParser.h"

#include <algorithm>
#include <utility>

namespace cria::jinja {

static constexpr uint32_t kMaxBlocks = 64; // nested

namespace {

class Parser {
public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)), expressions_(tokens_) {}

  Body run() {
    Body body = parseBody({});
    if (!tokens_.is(Token::Kind::end)) {
      tokens_.fail("expected text or a tag");
    }
    return body;
  }

private:
  using Kind = Statement::Kind;
  using Ends = std::initializer_list<std::string_view>;

  // Parses statements up to a tag that begins with one of `ends`, whose name becomes the current token.
  Body parseBody(Ends ends) {
    Body body;
    for (;;) {
      if (tokens_.is(Token::Kind::text)) {
        const Token &token = tokens_.take();
        body.push_back(
            {.kind = Kind::text, .at = token.at, .text = Value(std::make_shared<const Text>(token.text))});
      } else if (tokens_.is(Token::Kind::variableBegin)) {
        body.push_back(parsePrint());
      } else if (tokens_.is(Token::Kind::blockBegin)) {
        const size_t at = tokens_.take().at;
        if (std::ranges::any_of(ends, [&](std::string_view end) { return tokens_.isName(end); })) {
          return body;
        }
        body.push_back(parseStatement(at));
      } else {
        if (ends.size() != 0) {
          tokens_.fail("expected {% " + std::string(*(ends.end() - 1)) + " %}");
        }
        return body;
      }
    }
  }

  // Parses a body with its end tag, which is named `end`.
  Body parseBlock(std::string_view end) {
    endTag();
    Body body = parseBody({end});
    tokens_.expectName(end);
    endTag();
    return body;
  }

  void endTag() { tokens_.expect(Token::Kind::blockEnd, "the end of the tag"); }

  Statement parsePrint() {
    Statement print{.kind = Kind::print, .at = tokens_.take().at};
    print.value = expressions_.parseTuple();
    tokens_.expect(Token::Kind::variableEnd, "the end of the tag");
    return print;
  }

  Statement parseStatement(size_t at) {
    if (++depth_ > kMaxBlocks) {
      tokens_.fail("expected at most " + std::to_string(kMaxBlocks) + " nested blocks");
    }
    Statement statement = parseNamed(at, tokens_.expect(Token::Kind::name, "the name of a tag"));
    --depth_;
    return statement;
  }

  Statement parseNamed(size_t at, const Token &name) {
    Statement statement{.kind = Kind::transparent, .at = at};
    if (name.word == "if") {
      parseIf(statement);
    } else if (name.word == "for") {
      parseFor(statement);
    } else if (name.word == "set") {
      parseSet(statement);
    } else if (name.word == "macro") {
      parseMacro(statement);
    } else if (name.word == "filter") {
      statement.kind = Kind::filterBlock;
      statement.value = expressions_.parseFilters(expressions_.parseFilter(captured(at)));
      statement.body = parseBlock("endfilter");
    } else if (name.word == "with") {
      parseWith(statement);
    } else if (name.word == "generation") {
      statement.body = parseBlock("endgeneration");
    } else if ((name.word == "break" || name.word == "continue") && loops_ > 0) {
      statement.kind = name.word == "break" ? Kind::breakLoop : Kind::continueLoop;
      endTag();
    } else {
      const bool isOutside = name.word == "break" || name.word == "continue";
      throw SyntaxFailure(name.at, isOutside ? "'" + name.word + "' outside of a loop"
                                             : "unknown tag '" + name.word + "'");
    }
    return statement;
  }

  static ExpressionPtr captured(size_t at) {
    return ExpressionParser::finish(
        {.kind = Expression::Kind::name, .at = at, .name = std::string(kCaptured)});
  }

  void parseIf(Statement &statement) {
    statement.kind = Kind::choose;
    for (bool hasCondition = true; hasCondition;) {
      Branch branch{.condition = expressions_.parseTuple(false), .body = {}};
      endTag();
      branch.body = parseBody({"elif", "else", "endif"});
      statement.branches.push_back(std::move(branch));
      hasCondition = tokens_.skipName("elif");
    }
    if (tokens_.skipName("else")) {
      endTag();
      statement.branches.push_back({.condition = nullptr, .body = parseBody({"endif"})});
    }
    tokens_.expectName("endif");
    endTag();
  }

  void parseFor(Statement &statement) {
    statement.kind = Kind::loop;
    statement.target = parseTargets("in");
    tokens_.expectName("in");
    statement.value = expressions_.parseTuple(false, "recursive");
    statement.condition = tokens_.skipName("if") ? expressions_.parse() : nullptr;
    if (tokens_.isName("recursive")) {
      tokens_.fail("expected the end of the tag (recursive loops are not supported)");
    }
    endTag();
    ++loops_;
    statement.body = parseBody({"else", "endfor"});
    --loops_;
    if (tokens_.skipName("else")) {
      endTag();
      statement.otherwise = parseBody({"endfor"});
    }
    tokens_.expectName("endfor");
    endTag();
  }

  // Parses names separated by commas, up to the name `end`.
  Target parseTargets(std::string_view end) {
    Target list{.at = tokens_.current().at};
    list.parts.push_back(parseTarget());
    bool hasComma = false;
    while (tokens_.skipSymbol(",")) {
      hasComma = true;
      if (tokens_.isName(end) || tokens_.isSymbol("=") || tokens_.isSymbol(")")) {
        break;
      }
      list.parts.push_back(parseTarget());
    }
    if (hasComma) {
      return list;
    }
    Target single = std::move(list.parts[0]);
    return single;
  }

  Target parseTarget() {
    if (tokens_.skipSymbol("(")) {
      if (++depth_ > kMaxBlocks) {
        tokens_.fail("expected at most " + std::to_string(kMaxBlocks) + " levels of nesting");
      }
      Target inner = parseTargets(")");
      tokens_.expectSymbol(")");
      --depth_;
      return inner;
    }
    const Token &name = tokens_.expect(Token::Kind::name, "a name to assign to");
    for (const std::string_view constant : {"true", "false", "none", "True", "False", "None"}) {
      if (name.word == constant) {
        throw SyntaxFailure(name.at, "cannot assign to '" + name.word + "'");
      }
    }
    Target target{.at = name.at, .name = name.word};
    if (tokens_.skipSymbol(".")) {
      target.attribute = tokens_.expect(Token::Kind::name, "the name of an attribute").word;
    }
    return target;
  }

  void parseSet(Statement &statement) {
    statement.kind = Kind::set;
    statement.target = parseTargets("=");
    if (tokens_.skipSymbol("=")) {
      statement.value = expressions_.parseTuple();
      endTag();
      return;
    }
    statement.kind = Kind::setBlock;
    if (tokens_.isSymbol("|")) {
      statement.value = expressions_.parseFilters(captured(statement.at));
    }
    statement.body = parseBlock("endset");
  }

  void parseMacro(Statement &statement) {
    statement.kind = Kind::macro;
    statement.name = tokens_.expect(Token::Kind::name, "the name of a macro").word;
    tokens_.expectSymbol("(");
    while (!tokens_.skipSymbol(")")) {
      if (!statement.parameters.empty()) {
        tokens_.expectSymbol(",");
      }
      std::string name = tokens_.expect(Token::Kind::name, "the name of a parameter").word;
      ExpressionPtr value = tokens_.skipSymbol("=") ? expressions_.parse() : nullptr;
      statement.parameters.emplace_back(std::move(name), std::move(value));
    }
    const int loops = std::exchange(loops_, 0);
    statement.body = parseBlock("endmacro");
    loops_ = loops;
  }

  void parseWith(Statement &statement) {
    statement.kind = Kind::with;
    while (!tokens_.is(Token::Kind::blockEnd)) {
      if (!statement.parameters.empty()) {
        tokens_.expectSymbol(",");
      }
      std::string name = tokens_.expect(Token::Kind::name, "a name to assign to").word;
      tokens_.expectSymbol("=");
      statement.parameters.emplace_back(std::move(name), expressions_.parse());
    }
    statement.body = parseBlock("endwith");
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  uint32_t depth_ = 0;
  int loops_ = 0;
};

} // namespace

Body parseTemplate(TextView source, const LexerOptions &options) {
  return Parser(tokenize(source, options)).run();
}

} // namespace cria::jinja

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nodes of a parsed template: expressions and statements, each with its position in the source.
#pragma once

#include "plugins/chat/jinja/Value.h"

namespace cria::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Arguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
};

struct Expression {
  enum class Kind {
    constant,    // constant
    name,        // name
    list,        // children
    tuple,       // children
    dict,        // children: key, value, key, value, ...
    attribute,   // children[0] . name
    index,       // children[0] [children[1]]
    slice,       // children[0] [children[1] : children[2] : children[3]], the last three may be null
    call,        // children[0] (arguments)
    filter,      // children[0] | name(arguments)
    test,        // children[0] is name(arguments)
    negate,      // - children[0]
    plus,        // + children[0]
    logicalNot,  // not children[0]
    logicalAnd,  // children[0] and children[1]
    logicalOr,   // children[0] or children[1]
    binary,      // children[0] name children[1], with + - * / // % **
    concatenate, // children joined by ~
    compare,     // children[0] names[0] children[1] names[1] children[2] ...
    conditional, // children[1] if children[0] else children[2], which may be null
  };
  Kind kind;
  size_t at = 0;
  std::string name = {};
  std::vector<std::string> names = {};
  Value constant = Value();
  std::vector<ExpressionPtr> children = {};
  Arguments arguments = {};
  uint32_t depth = 1; // levels of the tree
};

struct Statement;
using Body = std::vector<Statement>;

struct Branch {
  ExpressionPtr condition; // null for else
  Body body;
};

/// The target of an assignment: a name, an attribute of a namespace, or several targets.
struct Target {
  size_t at = 0;
  std::string name = {};
  std::string attribute = {}; // of the namespace `name`; empty if the target is a name
  std::vector<Target> parts = {};
};

struct Statement {
  enum class Kind {
    text,        // text
    print,       // value
    choose,      // branches
    loop,        // target, value, condition (may be null), body, otherwise
    set,         // target, value
    setBlock,    // target, body, value: filters over kCaptured, or null
    macro,       // name, parameters, body
    filterBlock, // body, value: filters over kCaptured
    with,        // parameters: names with values, body
    transparent, // body, as {% generation %}
    breakLoop,
    continueLoop,
  };
  Kind kind;
  size_t at = 0;
  Value text = Value();
  ExpressionPtr value = nullptr;
  ExpressionPtr condition = nullptr;
  Target target = {};
  std::string name = {};
  std::vector<std::pair<std::string, ExpressionPtr>> parameters = {}; // with default (or null) or value
  std::vector<Branch> branches = {};
  Body body = {};
  Body otherwise = {};
};

/// The name of the text of a block in the filters over that block. No template can spell it.
constexpr std::string_view kCaptured = " captured";

} // namespace cria::jinja

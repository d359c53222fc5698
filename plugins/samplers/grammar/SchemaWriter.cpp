// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaWriter.h"

#include <algorithm>

namespace cria::grammar {

/// The rules of every JSON grammar. Whitespace is bounded, since a model could generate it without end.
/// Escaped surrogates are pairs, so that each iteration of `char` is one character.
static constexpr const char *kCommon = R"gbnf(
ws ::= | " " | "\n" [ \t]{0,20}
hex ::= [0-9a-fA-F]
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex{3} | [dD] [0-7] hex{2} | [dD] [89abAB] hex{2} "\\u" [dD] [c-fC-F] hex{2}))
control ::= "\\u00" ("0" [0-7be-f] | "1" [0-9a-f] | "7f")
string ::= "\"" char* "\""
integer ::= "0" | "-"? [1-9] [0-9]{0,19}
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?
boolean ::= "true" | "false"
null ::= "null"
value ::= object | array | string | number | boolean | null
object ::= "{" ws (pair ("," ws pair)*)? "}"
pair ::= string %distinct ws ":" ws value ws
array ::= "[" ws (value ws ("," ws value ws)*)? "]"
)gbnf";

std::string literal(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c
              : c == '\n'           ? "\\n"
              : c == '\r'           ? "\\r"
                                    : std::string(1, c);
  }
  return quoted + "\"";
}

SchemaWriter::SchemaWriter(const SchemaDocument &document, const SchemaOptions &options)
    : document_(document), options_(options), reader_(document, languages_, options),
      languageWriter_(languages_, [this](const std::string &expression, const std::string &name) {
        return add(expression, name);
      }) {}

std::string SchemaWriter::write() {
  const Node root = reader_.root();
  const std::string rule = ruleOf(root);
  if (reader_.isEmpty(root)) {
    document_.invalid(document_.root(), "",
                      "no value conforms to the schema, or none that a grammar can state");
  }
  return "root ::= " + rule + "\n" + kCommon + rules_;
}

void SchemaWriter::refuse(const Node &node, const char *keyword, const std::string &why) const {
  const auto has = [&](const Atom &atom) {
    return atom.schema->is_object() && atom.schema->contains(keyword);
  };
  const auto atom = std::find_if(node.begin(), node.end(), has);
  document_.unsupported(atom == node.end() ? node.empty() ? document_.root() : *node.front().schema
                                           : *atom->schema,
                        atom == node.end() ? "" : keyword, "'" + std::string(keyword) + "' " + why);
}

std::string SchemaWriter::add(const std::string &expression, const std::string &name) {
  constexpr size_t kMaxBytes = size_t{32} << 20;
  if (rules_.size() + expression.size() > kMaxBytes) {
    throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED,
                          "JSON Schema: generated grammar is larger than 32 MiB; simplify the schema");
  }
  const std::string own = name.empty() ? "s" + std::to_string(count_++) : name;
  rules_ += own + " ::= " + expression + "\n";
  return own;
}

std::string SchemaWriter::ruleOf(const Node &node) {
  if (node.empty()) {
    return "value";
  }
  const auto [found, isNew] = names_.emplace(node, "");
  if (!isNew) {
    return found->second;
  }
  const std::string name = found->second = "s" + std::to_string(count_++);
  std::string expression;
  std::set<std::string> choices;
  for (const Shape &shape : reader_.shapesOf(node)) {
    for (const Shape &each : shape.values ? Shapes{shape} : reader_.withNamedWitnesses(shape)) {
      const std::string choice = expressionOf(each, node);
      if (!choice.empty() && choices.insert(choice).second) {
        expression += (expression.empty() ? "" : " | ") + choice;
      }
    }
  }
  add(expression.empty() ? name : expression, name); // without a value: a rule that matches no finite text
  return name;
}

std::string SchemaWriter::expressionOf(const Shape &shape, const Node &node) {
  if (shape.values) {
    std::string expression;
    for (const Json &value : *shape.values) {
      expression += (expression.empty() ? "" : " | ") + valueOf(value);
    }
    return expression;
  }
  switch (shape.type) {
  case ValueType::null:
    return "null";
  case ValueType::boolean:
    return "boolean";
  case ValueType::number: {
    NumberSet integers;
    integers.isInteger = true;
    return shape.numbers == NumberSet() ? "number"
           : shape.numbers == integers  ? "integer"
                                        : languageWriter_.write(languageOf(languages_, shape.numbers));
  }
  case ValueType::string:
    return shape.text == Languages::kAnyText ? "string"
                                             : R"("\"" )" + languageWriter_.write(shape.text) + R"( "\"")";
  case ValueType::array:
    return arrayOf(shape, node);
  case ValueType::object:
    return objectOf(shape, node);
  }
  return "";
}

/// The number as the schema writes it, or as an integer has to be written.
static std::string spellingsOf(const Json &value) {
  const std::string text = textOf(value);
  const std::optional<Decimal> number = decimalOf(value);
  const std::string integer =
      number && number->isInteger() ? (number->isNegative ? "-" : "") + number->integerDigits() : text;
  constexpr size_t kMaxDigits = 20; // 1e300 stays as it is
  return integer == text || integer.size() > kMaxDigits
             ? literal(text)
             : "(" + literal(text) + " | " + literal(integer) + ")";
}

std::string SchemaWriter::valueOf(const Json &value) {
  if (isNumber(value)) {
    return spellingsOf(value);
  }
  if (!value.is_structured() || value.empty()) {
    return value.is_structured() ? value.is_array() ? R"("[" ws "]")" : R"("{" ws "}")"
                                 : literal(textOf(value));
  }
  std::string parts;
  for (const auto &[name, each] : value.items()) {
    parts += (parts.empty() ? "" : " \",\" ws ") +
             (value.is_object() ? literal(Json(name).dump()) + " ws \":\" ws " : "") + valueOf(each) + " ws";
  }
  return value.is_array() ? "\"[\" ws " + parts + " \"]\"" : "\"{\" ws " + parts + " \"}\"";
}

} // namespace cria::grammar

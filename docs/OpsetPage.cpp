// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the page of the opset: the text of docs/opset.md.in, then each op of the table. The page is
// docs/generated/opset.md; a test compares them.
//
// Usage: opset-page docs/opset.md.in > opset.md
#include "plugins/sdk/cria_opset.hpp"
#include "support/File.h"

#include <fmt/format.h>
#include <iostream>
#include <string>
#include <vector>

namespace cria::opset {
namespace {

std::string textOf(Types types) {
  std::vector<std::string_view> names;
  for (const auto &[type, name] : {std::pair<uint32_t, std::string_view>{CRIA_TYPE_F32, "f32"},
                                   {CRIA_TYPE_F16, "f16"},
                                   {CRIA_TYPE_BF16, "bf16"},
                                   {CRIA_TYPE_I32, "i32"},
                                   {CRIA_TYPE_U32, "u32"},
                                   {CRIA_TYPE_U8, "u8"},
                                   {CRIA_TYPE_I8, "i8"}}) {
    if (accepts(types, type)) {
      names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string shapeOf(const Operand &operand) {
  if (operand.name.starts_with("cache")) {
    return "[the cache](#the-cache)";
  }
  std::vector<std::string> extents;
  for (const char letter : operand.extents) {
    const std::string_view text = textOfExtent(letter);
    extents.emplace_back(letter == '.' ? "any" : text.empty() ? std::string(1, letter) : std::string(text));
  }
  return fmt::format("[{}]", fmt::join(extents, ", "));
}

std::string accessOf(const Operand &operand) {
  return operand.access == CRIA_ACCESS_READ    ? "read"
         : operand.access == CRIA_ACCESS_WRITE ? "written"
                                               : "read and written";
}

std::string_view textOf(uint32_t attributeType) {
  return attributeType == CRIA_ATTRIBUTE_FLOAT ? "float"
         : attributeType == CRIA_ATTRIBUTE_INT ? "int"
                                               : "string";
}

/// "2e-6" for 2e-06.
std::string textOf(double number) {
  std::string text = fmt::format("{:.0e}", number);
  text.erase(text.find("e-0") + 2, 1);
  return text;
}

std::string textOf(Tolerance tolerance) {
  switch (tolerance) {
  case Tolerance::exact:
    return "exact";
  case Tolerance::oneRounding:
    return "one rounding to f32 per operation";
  case Tolerance::elementwise:
    return textOf(kElementwiseTolerance);
  case Tolerance::sum:
    return textOf(kSumTolerance) + " · max(1, √(K / 256))";
  }
  return "";
}

/// What is stated of an addition to an op that exists.
std::string sinceOf(uint32_t since, uint32_t whole) {
  return since <= whole ? "" : fmt::format(", since version {}", since);
}

std::string attributesOf(const Op &op) {
  std::string text;
  for (const Attribute &attribute : op.attributes) {
    const std::string value = attribute.value.empty() ? "" : fmt::format(" `{}`", attribute.value);
    text += fmt::format("- attribute `{}`{}: {}{}{}\n", attribute.name, value, textOf(attribute.type),
                        attribute.isOptional ? ", optional" : "", sinceOf(attribute.since, op.since));
  }
  return text;
}

std::string sectionOf(const Op &op) {
  std::string text = fmt::format("\n### {}\n\n", op.name);
  text += op.since > 1 ? fmt::format("Since version {}.\n\n", op.since) : "";
  text += "| operand | type | shape | access |\n| --- | --- | --- | --- |\n";
  for (const Operand &operand : op.operands) {
    text += fmt::format("| {} | {} | {} | {}{}{} |\n", operand.name, textOf(operand.types), shapeOf(operand),
                        accessOf(operand), operand.isOptional ? ", optional" : "",
                        sinceOf(operand.since, op.since));
  }
  text += "\n" + attributesOf(op);
  text += fmt::format("- tolerance: {}\n\n", textOf(op.tolerance));
  text += op.formula.substr(op.formula.starts_with('\n') ? 1 : 0);
  return text + "\n";
}

/// The text with the version of the table in place of @VERSION@.
std::string preambleOf(std::string text) {
  constexpr std::string_view kVersionMark = "@VERSION@";
  return text.replace(text.find(kVersionMark), kVersionMark.size(), std::to_string(kVersion));
}

} // namespace
} // namespace cria::opset

int main(int argc, char **argv) {
  const cria::StatusOr<std::string> text = cria::readFile(argc == 2 ? argv[1] : "");
  if (!text.ok() || text->find("@VERSION@") == std::string::npos) {
    std::cerr << "usage: opset-page docs/opset.md.in, a readable file with the word @VERSION@\n";
    return 1;
  }
  std::cout << cria::opset::preambleOf(*text);
  for (const cria::opset::Op &op : cria::opset::kOps) {
    std::cout << cria::opset::sectionOf(op);
  }
  return std::cout.good() ? 0 : 1;
}

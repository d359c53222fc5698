// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the table of signatures with the frozen page of version 1; later versions only add to it.
#include "plugins/sdk/cria_opset.hpp"

#include "format/ActivationClass.h"

#include <fstream>
#include <gmock/gmock.h>
#include <map>
#include <ranges>
#include <regex>
#include <sstream>

namespace cria {
namespace {

using Lines = std::vector<std::string>;

/// The section of each op: "### mul, add" counts for both.
std::map<std::string, Lines> sectionsOfPage() {
  std::map<std::string, Lines> sections;
  std::ifstream page(CRIA_SOURCE_DIR "/tests/abi/v1/opset-v1.md");
  Lines current;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) {
      current.clear();
    }
    if (line.starts_with("### ")) {
      std::istringstream names(line.substr(4));
      for (std::string name; std::getline(names >> std::ws, name, ',');) {
        current.push_back(name);
      }
    }
    for (const std::string &name : current) {
      sections[name].push_back(line);
    }
  }
  return sections;
}

std::string textOf(opset::Types types) {
  switch (types) {
  case opset::Types::floats:
    return "f32, f16, bf16";
  case opset::Types::cacheFloats:
    return "f16, f32";
  case opset::Types::f32:
    return "f32";
  case opset::Types::f16:
    return "f16";
  case opset::Types::i32:
    return "i32";
  case opset::Types::u32:
    return "u32";
  case opset::Types::codes:
    return "u8, i8";
  case opset::Types::i8:
    return "i8";
  }
  return "";
}

/// A row of an operand table: name, note in parentheses, types, rank (0: described elsewhere).
struct Row {
  std::string name, note, types;
  size_t rank = 0;
};

std::vector<Row> rowsOf(const Lines &section) {
  static const std::regex kRow(R"(\| (\w+)(?: \(([a-z ]+)\))? \| ([a-z0-9, ]+) \| (?:\[(.*)\]|.*) \|)");
  std::vector<Row> rows;
  for (const std::string &line : section) {
    std::smatch match;
    if (std::regex_match(line, match, kRow) && match[1] != "operand") {
      const std::string extents = match[4];
      const auto commas = static_cast<size_t>(std::count(extents.begin(), extents.end(), ','));
      rows.push_back({match[1], match[2], match[3], extents.empty() ? 0 : commas + 1});
    }
  }
  return rows;
}

std::string noteOf(const opset::Operand &operand) {
  if (operand.isOptional) {
    return "optional";
  }
  if (operand.name == "cache") {
    return operand.access == CRIA_ACCESS_READ    ? "read"
           : operand.access == CRIA_ACCESS_WRITE ? "written"
                                                 : "read and written";
  }
  return operand.access == CRIA_ACCESS_WRITE ? "result" : "";
}

constexpr auto kIsOfVersion1 = [](const auto &member) { return member.since == 1; };

TEST(OpsetTest, HasTheOpsOfThePage) {
  const auto sections = sectionsOfPage();
  EXPECT_EQ(sections.size(), static_cast<size_t>(std::ranges::count_if(opset::kOps, kIsOfVersion1)));
  for (const opset::Op &op : opset::kOps) {
    EXPECT_EQ(sections.contains(std::string(op.name)), op.since == 1) << op.name;
    EXPECT_EQ(opset::find(op.name), &op);
  }
  EXPECT_EQ(opset::find("layer_norm"), nullptr);
}

TEST(OpsetTest, HasTheOperandsOfThePage) {
  const auto sections = sectionsOfPage();
  for (const opset::Op &op : opset::kOps | std::views::filter(kIsOfVersion1)) {
    std::map<std::string, Row> rows;
    for (const Row &row : rowsOf(sections.at(std::string(op.name)))) {
      rows[row.name] = row;
    }
    EXPECT_EQ(rows.size(), static_cast<size_t>(std::ranges::count_if(op.operands, kIsOfVersion1))) << op.name;
    for (const opset::Operand &operand : op.operands | std::views::filter(kIsOfVersion1)) {
      const Row &row = rows[std::string(operand.name)];
      const bool isCache = operand.name == "cache";
      EXPECT_EQ(row.types, textOf(operand.types)) << op.name << " " << operand.name;
      EXPECT_EQ(row.note, noteOf(operand)) << op.name << " " << operand.name;
      EXPECT_EQ(row.rank, isCache ? 0 : operand.extents.size()) << op.name << " " << operand.name;
    }
  }
}

TEST(OpsetTest, HasTheAttributesOfThePage) {
  const auto sections = sectionsOfPage();
  for (const auto &[name, lines] : sections) {
    std::string text;
    for (const std::string &line : lines) {
      text += line + "\n";
    }
    static const std::regex kAttribute(R"(`(\w+)` \((float|int|string))");
    std::map<std::string, uint32_t> found;
    for (std::sregex_iterator it(text.begin(), text.end(), kAttribute), end; it != end; ++it) {
      found[(*it)[1]] = (*it)[2] == "float" ? CRIA_ATTRIBUTE_FLOAT
                        : (*it)[2] == "int" ? CRIA_ATTRIBUTE_INT
                                            : CRIA_ATTRIBUTE_STRING;
    }
    std::map<std::string, uint32_t> declared;
    for (const opset::Attribute &attribute :
         opset::find(name)->attributes | std::views::filter(kIsOfVersion1)) {
      declared[std::string(attribute.name)] = attribute.type;
    }
    EXPECT_EQ(found, declared) << name;
  }
}

/// A table of three versions, in the place of versions to come: an operand that gains a type and with it an
/// operand and an attribute, and an op.
using enum opset::Types;
constexpr opset::Operand kScaledOperands[] = {
    {"input", f32, "TK"},
    {"weight", floats, "NK"},
    {.name = "weight", .types = u32, .extents = "N.", .since = 2},
    {.name = "weight.scales", .types = cacheFloats, .extents = "N.", .isOptional = true, .since = 3},
    {"output", f32, "TN", CRIA_ACCESS_WRITE}};
constexpr opset::Attribute kScaledAttributes[] = {
    {"epsilon", CRIA_ATTRIBUTE_FLOAT},
    {.name = "format", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 2},
    {.name = "mode", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 2, .value = "slow"},
    {.name = "mode", .type = CRIA_ATTRIBUTE_STRING, .isOptional = true, .since = 3, .value = "fast"}};
constexpr opset::Op kGrownOps[] = {
    {.name = "scaled", .operands = kScaledOperands, .attributes = kScaledAttributes},
    {.name = "later", .since = 3}};

std::optional<uint32_t> versionOfScaled(std::vector<opset::Use> operands,
                                        std::vector<opset::AttributeUse> attributes = {{"epsilon"}}) {
  return opset::versionOf(*opset::find("scaled", kGrownOps), operands, attributes);
}

TEST(OpsetTest, ACallNeedsTheHighestVersionOfWhatItUses) {
  EXPECT_EQ(versionOfScaled({{"input", CRIA_TYPE_F32}, {"weight", CRIA_TYPE_BF16}}), 1u);
  EXPECT_EQ(versionOfScaled({{"weight", CRIA_TYPE_U32}}), 2u);
  EXPECT_EQ(versionOfScaled({{"weight", CRIA_TYPE_F32}}, {{"epsilon"}, {"format", "q8_0"}}), 2u);
  EXPECT_EQ(versionOfScaled({{"weight", CRIA_TYPE_U32}, {"weight.scales", CRIA_TYPE_F16}}), 3u);
  EXPECT_EQ(opset::versionOf(*opset::find("later", kGrownOps), {}, {}), 3u);
}

TEST(OpsetTest, TheValueSelectsTheSignatureOfAnAttribute) {
  EXPECT_EQ(versionOfScaled({}, {{"mode", "slow"}}), 2u);
  EXPECT_EQ(versionOfScaled({}, {{"mode", "fast"}}), 3u);
  EXPECT_EQ(versionOfScaled({}, {{"mode", "other"}}), std::nullopt);
}

TEST(OpsetTest, NoVersionHasACallThatTheTableLacks) {
  EXPECT_EQ(versionOfScaled({{"weight", CRIA_TYPE_I32}}), std::nullopt);
  EXPECT_EQ(versionOfScaled({{"bias", CRIA_TYPE_F32}}), std::nullopt);
  EXPECT_EQ(versionOfScaled({}, {{"axis"}}), std::nullopt);
  EXPECT_EQ(opset::find("scaled"), nullptr);
}

TEST(OpsetTest, TheTypeSelectsTheSignatureOfAnOperand) {
  const opset::Op &op = *opset::find("scaled", kGrownOps);
  EXPECT_EQ(opset::findOperand(op, "weight"), &kScaledOperands[1]);
  EXPECT_EQ(opset::findOperand(op, "weight", CRIA_TYPE_F16), &kScaledOperands[1]);
  EXPECT_EQ(opset::findOperand(op, "weight", CRIA_TYPE_U32), &kScaledOperands[2]);
  EXPECT_EQ(opset::findOperand(op, "weight", CRIA_TYPE_I32), nullptr);
}

// The rules that the table itself keeps, so that versions only add.
TEST(OpsetTest, StatesVersionsUpToItsOwn) {
  uint32_t highest = 1;
  for (const opset::Op &op : opset::kOps) {
    highest = std::max(highest, op.since);
    for (const opset::Operand &operand : op.operands) {
      highest = std::max(highest, operand.since);
    }
    for (const opset::Attribute &attribute : op.attributes) {
      highest = std::max(highest, attribute.since);
    }
  }
  EXPECT_EQ(highest, opset::kVersion);
}

TEST(OpsetTest, AdditionsToAnOpAreOptional) {
  for (const opset::Op &op : opset::kOps) {
    for (const opset::Operand &operand : op.operands) {
      const bool isType = &operand != opset::findOperand(op, operand.name); // of an operand that exists
      EXPECT_TRUE(operand.isOptional || isType || operand.since <= op.since)
          << op.name << " " << operand.name;
    }
    for (const opset::Attribute &attribute : op.attributes) {
      EXPECT_TRUE(attribute.isOptional || attribute.since <= op.since) << op.name << " " << attribute.name;
    }
  }
}

TEST(OpsetTest, SignaturesOfAnOperandShareNoType) {
  for (const opset::Op &op : opset::kOps) {
    for (const opset::Operand &operand : op.operands) {
      for (uint32_t type = CRIA_TYPE_F32; type <= CRIA_TYPE_I8; ++type) {
        EXPECT_TRUE(!opset::accepts(operand.types, type) ||
                    opset::findOperand(op, operand.name, type) == &operand)
            << op.name << " " << operand.name << " type " << type;
      }
    }
  }
}

// A program with a cache in f16 states the version that it has always stated.
TEST(OpsetTest, OnlyACacheOfCodesNeedsVersion6) {
  for (const std::string_view name : {"kv_append", "attention", "rope_attention"}) {
    const opset::Op &op = *opset::find(name);
    const opset::Use dense[] = {{"cache", CRIA_TYPE_F16}},
                     codes[] = {{"cache", CRIA_TYPE_I8}, {"cache.scales", CRIA_TYPE_F16}},
                     unsignedCodes[] = {{"cache", CRIA_TYPE_U8}};
    EXPECT_EQ(opset::versionOf(op, dense, {}), 1u) << name;
    EXPECT_EQ(opset::versionOf(op, codes, {}), 6u) << name;
    EXPECT_EQ(opset::versionOf(op, unsignedCodes, {}), std::nullopt) << name;
  }
}

TEST(OpsetTest, HasTheClassesOfActivationsOfProducts) {
  for (const opset::Op &op : opset::kOps) {
    const bool isProduct = op.name == "linear" || op.name == "fused_linear";
    for (const std::string_view name : kActivationClasses) {
      const opset::Attribute *signature = opset::findAttribute(op, "activations", name);
      const bool isF32 = name == "f32" && opset::findAttribute(op, "format") != nullptr;
      EXPECT_EQ(signature != nullptr, isF32 || (isProduct && name != "f16")) << op.name << " " << name;
    }
  }
}

} // namespace
} // namespace cria

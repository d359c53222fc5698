// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SupportedOps.h"

#include "format/ElementType.h"
#include "plugins/sdk/cria_opset.hpp"
#include "runtime/plugin/PluginOptions.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

static StatusOr<std::set<std::string>> readNames(const Json &json, std::string_view where,
                                                 const std::vector<std::string> &known) {
  if (!json.is_array()) {
    return invalidArgument("expected '{}' to be an array of strings", where);
  }
  std::set<std::string> names;
  for (const Json &item : json) {
    if (!item.is_string() ||
        std::find(known.begin(), known.end(), item.get_ref<const std::string &>()) == known.end()) {
      return invalidArgument("'{}' contains {}{}", where, describeJson(item),
                             suggestNames(item.is_string() ? item.get<std::string>() : "", known));
    }
    names.insert(item.get<std::string>());
  }
  return names;
}

/// The element types of an operand in all versions of the opset.
static std::vector<std::string> typesOf(const opset::Op &op, std::string_view operand) {
  std::vector<std::string> types;
  for (uint32_t type = CRIA_TYPE_F32; isProgramType(ElementType(type)); ++type) {
    if (opset::findOperand(op, operand, type) != nullptr) {
      types.emplace_back(nameOf(ElementType(type)));
    }
  }
  return types;
}

/// The types of one operand.
static StatusOr<std::set<std::string>> readTypes(const Json &json, const opset::Op &op,
                                                 const std::string &operand, uint32_t version) {
  const std::string where = fmt::format("ops.{}.types.{}", op.name, operand);
  const std::vector<std::string> known = typesOf(op, operand);
  CRIA_ASSIGN_OR_RETURN(std::set<std::string> types, readNames(json, where, known));
  if (types.empty()) {
    return invalidArgument("expected '{}' to list at least one of {}, got []; leave it out for all types",
                           where, fmt::join(known, ", "));
  }
  for (const std::string &type : types) {
    const uint32_t since = opset::findOperand(op, operand, uint32_t(*parseElementType(type)))->since;
    if (since > version) {
      return invalidArgument("'{}' lists {} of opset {}; expected member 'opset' to be at least {}, got {}",
                             where, type, since, since, version);
    }
  }
  return types;
}

/// Only operands with several types are listed.
static Status readTypes(const Json &json, const opset::Op &op, uint32_t version, SupportedOps::Op &out) {
  if (!json.is_object()) {
    return invalidArgument("expected 'ops.{}.types' to be an object of operands", op.name);
  }
  for (const auto &[name, types] : json.items()) {
    if (typesOf(op, name).size() < 2) {
      return invalidArgument("expected 'ops.{}.types' to name operands with several types, got '{}'", op.name,
                             name);
    }
    CRIA_ASSIGN_OR_RETURN(out.types[name], readTypes(types, op, name, version));
  }
  return {};
}

/// The classes of activations that the op has in all versions of the opset.
static std::vector<std::string> activationsOf(const opset::Op &op) {
  std::vector<std::string> classes;
  for (const opset::Attribute &attribute : op.attributes) {
    if (attribute.name == "activations") {
      classes.emplace_back(attribute.value);
    }
  }
  return classes;
}

static Status readActivations(const Json &json, const opset::Op &op, uint32_t version,
                              SupportedOps::Op &out) {
  const std::string where = fmt::format("ops.{}.activations", op.name);
  CRIA_ASSIGN_OR_RETURN(out.activations, readNames(json, where, activationsOf(op)));
  for (const std::string &name : out.activations) {
    const uint32_t since = opset::findAttribute(op, "activations", name)->since;
    if (since > version) {
      return invalidArgument("'{}' lists {} of opset {}; expected member 'opset' to be at least {}, got {}",
                             where, name, since, since, version);
    }
  }
  out.activations.insert("f32"); // which no program states
  return {};
}

static Status readOp(const Json &json, const opset::Op &op, uint32_t version, SupportedOps::Op &out) {
  if (!json.is_object()) {
    return invalidArgument("expected 'ops.{}' to be an object, {{}} for everything in the opset", op.name);
  }
  for (const auto &[name, value] : json.items()) {
    if (name == "types") {
      CRIA_RETURN_IF_ERROR(readTypes(value, op, version, out));
    } else if (name == "parts" && op.name == "fused_linear") {
      CRIA_ASSIGN_OR_RETURN(out.parts,
                            readNames(value, "ops.fused_linear.parts", {"norm", "activation", "residual"}));
    } else if (name == "activations" && activationsOf(op).size() > 1) {
      CRIA_RETURN_IF_ERROR(readActivations(value, op, version, out));
    } else {
      return invalidArgument("unknown member 'ops.{}.{}'", op.name, name);
    }
  }
  return {};
}

/// The op of that name in a version of the opset.
static StatusOr<const opset::Op *> findOp(std::string_view name, uint32_t version,
                                          std::span<const opset::Op> table) {
  const opset::Op *op = opset::find(name, table);
  if (op == nullptr) {
    std::vector<std::string> known;
    for (const opset::Op &each : table) {
      known.emplace_back(each.name);
    }
    return invalidArgument("lists op '{}', which opset {} does not have{}", name, version,
                           suggestNames(name, known));
  }
  if (op->since > version) {
    return invalidArgument("lists op '{}' of opset {}; expected member 'opset' to be at least {}, got {}",
                           name, op->since, op->since, version);
  }
  return op;
}

StatusOr<SupportedOps> readSupportedOps(const Json &json, uint32_t version, std::span<const opset::Op> table,
                                        uint32_t tableVersion) {
  if (!json.is_object() || json.empty()) {
    return invalidArgument("expected member 'ops' to be an object of ops");
  }
  SupportedOps supported{.version = version, .ops = {}};
  for (const auto &[name, value] : json.items()) {
    if (version > tableVersion && opset::find(name, table) == nullptr) {
      continue;
    }
    CRIA_ASSIGN_OR_RETURN(const opset::Op *op, findOp(name, version, table));
    CRIA_RETURN_IF_ERROR(readOp(value, *op, version, supported.ops[name]));
  }
  return supported;
}

StatusOr<SupportedOps> readSupportedOps(const Json &json, uint32_t version) {
  return readSupportedOps(json, version, opset::kOps, opset::kVersion);
}

} // namespace cria

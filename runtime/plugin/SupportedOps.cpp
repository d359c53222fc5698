// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SupportedOps.h"

#include "plugins/sdk/cria_opset.hpp"
#include "runtime/plugin/PluginOptions.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

static StatusOr<std::set<std::string>> readNames(const Json &json, std::string_view where,
                                                 std::initializer_list<std::string_view> known) {
  if (!json.is_array()) {
    return invalidArgument("expected '{}' to be an array of strings", where);
  }
  std::set<std::string> names;
  for (const Json &item : json) {
    if (!item.is_string() ||
        std::find(known.begin(), known.end(), item.get_ref<const std::string &>()) == known.end()) {
      return invalidArgument("'{}' contains {}{}", where, describeJson(item),
                             suggestNames(item.is_string() ? item.get<std::string>() : "",
                                          std::vector<std::string>(known.begin(), known.end())));
    }
    names.insert(item.get<std::string>());
  }
  return names;
}

// Only operands with several types are listed.
static Status readTypes(const Json &json, const opset::Op &op, SupportedOps::Op &out) {
  if (!json.is_object()) {
    return invalidArgument("expected 'ops.{}.types' to be an object of operands", op.name);
  }
  for (const auto &[name, types] : json.items()) {
    const opset::Operand *operand = opset::findOperand(op, name);
    if (operand == nullptr || !opset::hasChoice(operand->types)) {
      return invalidArgument("expected 'ops.{}.types' to name operands with several types, got '{}'", op.name,
                             name);
    }
    CRIA_ASSIGN_OR_RETURN(out.types[name], readNames(types, fmt::format("ops.{}.types.{}", op.name, name),
                                                     {"f32", "f16", "bf16"}));
  }
  return {};
}

static Status readOp(const Json &json, const opset::Op &op, SupportedOps::Op &out) {
  if (!json.is_object()) {
    return invalidArgument("expected 'ops.{}' to be an object, {{}} for everything in the opset", op.name);
  }
  for (const auto &[name, value] : json.items()) {
    if (name == "types") {
      CRIA_RETURN_IF_ERROR(readTypes(value, op, out));
    } else if (name == "parts" && op.name == "fused_linear") {
      CRIA_ASSIGN_OR_RETURN(out.parts,
                            readNames(value, "ops.fused_linear.parts", {"norm", "activation", "residual"}));
    } else {
      return invalidArgument("unknown member 'ops.{}.{}'", op.name, name);
    }
  }
  return {};
}

// The op of that name in a version of the opset.
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
    CRIA_RETURN_IF_ERROR(readOp(value, *op, supported.ops[name]));
  }
  return supported;
}

StatusOr<SupportedOps> readSupportedOps(const Json &json, uint32_t version) {
  return readSupportedOps(json, version, opset::kOps, opset::kVersion);
}

} // namespace cria

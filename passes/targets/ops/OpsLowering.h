// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OpsLowering: writes one dispatch of an op of the opset. Names, order and access of its operands and the
// names of its attributes are read from the table (plugins/sdk/cria_opset.hpp).
//
// A llama op lowers to the op of the opset with its name. The operands that it reads stand in the order of
// the table, except the KV cache, which its type identifies; its attributes have the names of the table; its
// result is the operand that is written.
#pragma once

#include "passes/targets/DispatchBuilder.h"
#include "passes/targets/KernelSpecs.h"
#include "passes/targets/ops/OpsTarget.h"

#include <variant>

namespace cria {

constexpr int64_t kOpsPageTokens = KvCacheSpec::kPageTokens;

/// Bytes of one layer in a page.
int64_t opsLayerBytes(llama::KvCacheType cache);

/// What an operand is bound to: nothing for an absent optional operand, a value of the IR, a view, or a
/// weight.
using OperandSource = std::variant<std::monostate, mlir::Value, View, WeightView>;

class OpsLowering {
public:
  OpsLowering(DispatchBuilder &builder, const OpsCapabilities &backend, mlir::Location location)
      : builder_(builder), backend_(backend), location_(location), operands_(builder) {}

  /// Lowers an op whose operands are all there, in the order of the table.
  llvm::LogicalResult lower(mlir::Operation *op);
  /// Lowers an op with other sources than its operands. `sources` has no cache.
  llvm::LogicalResult lower(mlir::Operation *op, llvm::ArrayRef<OperandSource> sources);
  /// Adds a dispatch that reads `sources` and writes one operand, whose grid is 1.
  llvm::LogicalResult fill(const opset::Op &op, llvm::ArrayRef<OperandSource> sources,
                           const WeightView &written);

private:
  /// One layer of the cache, and its scales if it has any.
  struct Cache {
    View elements;
    std::optional<View> scales;
  };
  /// Binds the operands of `op`: the cache of `source`, if any, `written`, if any, and `sources`.
  llvm::LogicalResult bindAll(const opset::Op &op, llvm::ArrayRef<OperandSource> sources,
                              const std::optional<Cache> &cache, const OperandSource &written);
  void bind(const opset::Operand &operand, const Cache &cache);
  void bind(const opset::Operand &operand, const OperandSource &source);
  void bind(const opset::Operand &operand, const WeightView &weight, program::Access access);
  void addParameters(const opset::Op &op, mlir::Operation *source);
  Cache cacheOf(mlir::Operation *op, mlir::Value cache);

  llvm::LogicalResult add(const opset::Op &op, GridDim grid);
  llvm::LogicalResult checkVersion(const opset::Op &op) const;
  llvm::StringRef formatOfCodes() const;
  std::string adviceForNewerOpset(const opset::Op &op) const;
  llvm::LogicalResult checkTaken(const opset::Op &op) const;
  llvm::LogicalResult checkActivations(const opset::Op &op) const;
  bool takesFormat(const opset::Op &op, llvm::StringRef weight, const WeightFormatTraits &format) const;
  std::string weightsTaken(const opset::Op &op, llvm::StringRef weight) const;
  std::string adviceFor(const opset::Op &op, llvm::StringRef operand) const;

  DispatchBuilder &builder_;
  const OpsCapabilities &backend_;
  mlir::Location location_;
  Operands operands_;
  llvm::SmallVector<mlir::NamedAttribute> parameters_;
};

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles lowered modules for the processor at hand, against nothing but the runtime's symbols.
#pragma once

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"

#include <memory>
#include <string>

namespace cria::gpusim {

class Jit {
public:
  /// Null: `error` says why.
  static std::unique_ptr<Jit> create(std::string &error);

  const llvm::DataLayout &layout() const { return jit_->getDataLayout(); }
  const llvm::Triple &triple() const { return jit_->getTargetTriple(); }
  /// Empty, or the reason why not.
  std::string add(llvm::orc::ThreadSafeModule module);
  /// Compiles on first use. Null: `error` says why, e.g. a function that the code needs is missing.
  void *find(const std::string &symbol, std::string &error);

private:
  explicit Jit(std::unique_ptr<llvm::orc::LLJIT> jit) : jit_(std::move(jit)) {}
  std::string reported_; // causes of failures, e.g. the function that is missing; outlives the session
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

} // namespace cria::gpusim

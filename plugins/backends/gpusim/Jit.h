// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles lowered modules for the host processor, and links them only with the symbols of the runtime.
#pragma once

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"

#include <memory>
#include <string>

namespace cria::gpusim {

class Jit {
public:
  /// On failure returns null and sets `error`.
  static std::unique_ptr<Jit> create(std::string &error);

  const llvm::DataLayout &layout() const { return jit_->getDataLayout(); }
  const llvm::Triple &triple() const { return jit_->getTargetTriple(); }
  /// Adds a module. Returns the error; empty on success.
  std::string add(llvm::orc::ThreadSafeModule module);
  /// Returns the address of a symbol, compiling it on first use. On failure, such as a missing function,
  /// returns null and sets `error`.
  void *find(const std::string &symbol, std::string &error);

private:
  explicit Jit(std::unique_ptr<llvm::orc::LLJIT> jit) : jit_(std::move(jit)) {}
  std::string reported_; // causes of failures, such as a missing function; outlives the session
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

} // namespace cria::gpusim

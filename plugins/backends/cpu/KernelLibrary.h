// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loaded kernel library, checked against the kernel ABI.
#pragma once

#include "plugins/api/kernel_abi.h"
#include "plugins/sdk/cria_entry_checks.hpp"

#include <memory>
#include <string>

namespace cria::cpu {

class MemoryFile;

class KernelLibrary {
public:
  /// Loads a private copy of the bytes of `executable` or, where that is not possible, its path. The
  /// library's initializers run only after the ELF header and the features have been checked. Errors:
  /// INCOMPATIBLE_CODE; `out` remains empty.
  static plugin::Check load(const cria_executable &executable, std::unique_ptr<KernelLibrary> &out);

  ~KernelLibrary();
  KernelLibrary(const KernelLibrary &) = delete;
  KernelLibrary &operator=(const KernelLibrary &) = delete;

  /// Returns the kernel with that symbol; null if the library exports none.
  cria_kernel_fn find(const std::string &symbol) const;

private:
  KernelLibrary();
  bool open(const cria_executable &executable);

  std::unique_ptr<MemoryFile> file_; // null if opened from the path
  void *handle_ = nullptr;
};

} // namespace cria::cpu

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled kernel library: loaded, checked against the kernel ABI, closed at the end.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "plugins/api/kernel_abi.h"

#include <memory>
#include <string>

namespace cria::cpu {

class MemoryFile;

class KernelLibrary {
public:
  /// Loads `executable` from its path or, without one, from its bytes. On failure `out` stays empty and the
  /// answer is INCOMPATIBLE_CODE or IO with a sentence in `message`. Code is first run (its initializers)
  /// after the ELF header and the features have been checked.
  static cria_status load(const cria_executable &executable, std::unique_ptr<KernelLibrary> &out,
                          cria_message *message);

  ~KernelLibrary();
  KernelLibrary(const KernelLibrary &) = delete;
  KernelLibrary &operator=(const KernelLibrary &) = delete;

  /// Null when the library exports no such symbol.
  cria_kernel_fn find(const std::string &symbol) const;

private:
  KernelLibrary();
  bool open(const cria_executable &executable);

  std::unique_ptr<MemoryFile> file_; // when opened from bytes
  void *handle_ = nullptr;
};

} // namespace cria::cpu

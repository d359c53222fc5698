// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TargetPlugin: the interface of a shared library that adds a target to cria-compile (--target-plugin).
//
//  1. The interface is C++ and not stable: a plugin works only with the compiler whose headers it was built
//     with. Both contain CRIA_COMPILER_BUILD, and a plugin with another value is rejected.
//  2. The library resolves Cria's and MLIR's symbols from the compiler that opens it; it is not closed.
//  3. It runs with all rights of the compiler.
#pragma once

#include "passes/targets/CompilerBuild.h"
#include "passes/targets/Target.h"

namespace cria {

struct TargetPlugin {
  const char *builtFor; ///< CRIA_COMPILER_BUILD; always the first member
  const char *name;     ///< the value of --target, equal to Target::name(): a-z, 0-9, '_' and '-'
  const char *description;
  std::unique_ptr<Target> (*create)();
};

/// The one symbol that a plugin exports, of this type. The table lives as long as the library.
inline constexpr const char *kTargetPluginSymbol = "cria_target_plugin";
using TargetPluginFunction = const TargetPlugin *();

} // namespace cria

/// Use once in a plugin, outside of namespaces. CREATE: a function that returns
/// std::unique_ptr<cria::Target>.
#define CRIA_TARGET_PLUGIN(NAME, DESCRIPTION, CREATE)                                                        \
  extern "C" __attribute__((visibility("default"))) const cria::TargetPlugin *cria_target_plugin() {         \
    static const cria::TargetPlugin kPlugin = {CRIA_COMPILER_BUILD, NAME, DESCRIPTION, CREATE};              \
    return &kPlugin;                                                                                         \
  }                                                                                                          \
  static_assert(true, "takes the semicolon")

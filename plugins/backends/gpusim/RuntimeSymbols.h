// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that generated code may call. A reference to any other is an error when the code is loaded.
#pragma once

#include <span>
#include <string_view>

namespace cria::gpusim {

struct RuntimeSymbol {
  std::string_view name;
  void *address;
};

/// Functions of the simulator, "cria_sim_...":
///   global, shared, generic (thread, address, site)         an access of site.size bytes
///   range (thread, address, size, site)                     an access of any size, any memory
///   collective (thread, slot, site)
///   barrier (thread, id, count, predicate, site) -> i32     count 0: all threads
///   copy_async (thread, destination, source, size, site)
///   commit_copies (thread), wait_copies (thread, groups)
///   fma_f16, fma_bf16 (i32, i32, i32) -> i32, flush (f32), permute, reciprocal, reciprocal_root
/// and functions that the host's code generator calls: the math library, memory functions, conversions.
std::span<const RuntimeSymbol> runtimeSymbols();

} // namespace cria::gpusim

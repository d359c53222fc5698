// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts functions and their innermost loops out of assembly for x86-64, in the syntax of AT&T as LLVM prints
// it, so that tests can count instructions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cria::cpu::test {

/// Instructions in their order: a mnemonic, and operands after a tab.
using Instructions = std::vector<std::string>;

/// The number of instructions whose mnemonic begins with `prefix`.
int64_t countOf(const Instructions &instructions, std::string_view prefix);

/// Instructions that move vectors of 32 or 64 bytes to or from the stack. `function` holds the loop: rbp is a
/// pointer to the stack only where the function copies rsp to it.
Instructions vectorsOnStack(const Instructions &loop, const Instructions &function);

/// One function; labels are not counted as instructions.
class AssemblyFunction {
public:
  /// The function `name` of `assembly`; empty if there is none.
  AssemblyFunction(std::string_view assembly, std::string_view name);

  Instructions instructions() const { return between(0, lines_.size()); }
  /// Loops that have no loop inside, from the label to the jump back to it.
  std::vector<Instructions> innermostLoops() const;

private:
  Instructions between(size_t first, size_t end) const;

  std::vector<std::string> lines_; // instructions, and labels, which end in ':'
};

} // namespace cria::cpu::test

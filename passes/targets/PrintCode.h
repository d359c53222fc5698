// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-opt --cria-print-code="target=NAME": the assembly (or LLVM IR) of a program's kernels.
#pragma once

namespace cria {

void registerPrintCodePass();

} // namespace cria

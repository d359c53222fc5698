// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bitcode of many modules in one folder, for a process that loads the code of several of them.
#pragma once

#include "plugins/backends/gpusim/GpuSim.h"

#include <filesystem>
#include <memory>
#include <string>

namespace cria::fake_cuda {

/// Returns the module that has the kernel, from a file anywhere in `folder`: bitcode (*.bc, as in packages),
/// or a program of `check` (*.gpusim-<sm>.program). The name of a kernel states all its parameters, so any
/// module with a kernel of that name will do. Returns null if there is none. A module is compiled once in a
/// process. Callers serialize.
std::shared_ptr<gpusim::Module> moduleWithKernel(const std::filesystem::path &folder,
                                                 const std::string &kernel);

} // namespace cria::fake_cuda

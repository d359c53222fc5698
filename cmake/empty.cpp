// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Owns a precompiled header; see CriaHelpers.cmake and CriaCompiler.cmake.

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --verify-roundtrip --allow-unregistered-dialect | FileCheck %s

// CHECK: module attributes {test.binding = #program.binding<input = read @x f32 [T, 4] strides [4, 1] at 0 size 64>, test.grid = #program.grid_dim<2 * T by 4>}
module attributes {test.binding = #program.binding<input = read @x f32 [T, 4] strides [4, 1] at 0 size 64>, test.grid = #program.grid_dim<2 * T by 4>} {}

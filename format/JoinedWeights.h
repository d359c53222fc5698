// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights that programs hold in place of several matrices of one input: fusion passes name them, and who
// reads a program finds the matrices again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cria {

// The last parts of their names: "layers.3.qkv".
inline constexpr std::string_view kJoinedQkv = "qkv";
inline constexpr std::string_view kJoinedGateUp = "gate_up";

/// The names of the matrices that the weight `name` of a program was joined of: "layers.3.qkv" gives
/// "layers.3.q", "layers.3.k" and "layers.3.v". Another name gives itself.
inline std::vector<std::string> matricesIn(std::string_view name) {
  const size_t dot = name.rfind('.') + 1; // 0 without one
  const std::string folder(name.substr(0, dot));
  const std::string_view last = name.substr(dot);
  return last == kJoinedQkv      ? std::vector{folder + "q", folder + "k", folder + "v"}
         : last == kJoinedGateUp ? std::vector{folder + "gate", folder + "up"}
                                 : std::vector{std::string(name)};
}

} // namespace cria

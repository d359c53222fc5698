// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_ops_call.hpp - a recorded op of format "cria.ops.v1", as implementations of ops get it. Optional C++20
// conveniences; cria_ops_backend.hpp makes a backend of them.
#pragma once

#include "cria_opset.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace cria::plugin {

/// An operand of a recorded op: typed, strided host memory. Element (i0, .., in) lies at
/// data + sizeof(type) * sum(i_d * strides[d]); all of them lie inside the buffer.
struct OpOperand {
  std::byte *data = nullptr;
  uint32_t type = CRIA_TYPE_NONE;
  uint32_t rank = 0;
  std::array<uint64_t, 8> shape{};
  std::array<uint64_t, 8> strides{}; // in elements

  float *floats() const { return reinterpret_cast<float *>(data); }
  int32_t *integers() const { return reinterpret_cast<int32_t *>(data); }
};

/// A recorded op: operands and attributes by name. Names, types, ranks and equal extents are those of the
/// opset; what it marks as optional may be missing.
struct OpCall {
  std::map<std::string, OpOperand, std::less<>> operands;
  std::map<std::string, double, std::less<>> numbers;
  std::map<std::string, int64_t, std::less<>> integers;
  std::map<std::string, std::string, std::less<>> texts;

  /// It is there: the opset says so.
  const OpOperand &operator[](std::string_view name) const { return operands.find(name)->second; }
  const OpOperand *find(std::string_view name) const {
    const auto found = operands.find(name);
    return found == operands.end() ? nullptr : &found->second;
  }
  double number(std::string_view name) const { return numbers.find(name)->second; }
  int64_t integer(std::string_view name) const { return integers.find(name)->second; }
  std::string_view text(std::string_view name) const { return texts.find(name)->second; }
};

struct OpImplementation {
  std::string_view name; // in the opset
  /// Runs the op. Threads: the caller's; one replay of a queue at a time.
  void (*run)(const OpCall &call);
  /// When it is recorded: empty, or what is wrong that names, types and extents alone cannot say. May throw
  /// Refusal(CRIA_STATUS_UNSUPPORTED, ..) for a type or an optional part that is not run. Null: nothing more.
  std::string (*check)(const OpCall &call) = nullptr;
  /// Before each run: empty, or which index points nowhere. Null: the op has none, or takes any.
  std::string (*checkIndices)(const OpCall &call) = nullptr;
};

} // namespace cria::plugin

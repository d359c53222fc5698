// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_ops_call.hpp - the arguments of an op of format "cria.ops.v1", and the interface of its
// implementation. Optional C++20 conveniences; cria_ops_backend.hpp makes a backend of implementations.
#pragma once

#include "cria_opset.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace cria::plugin {

/// An operand of an op: typed, strided host memory. Element (i0, .., in) is at data + sizeof(type) *
/// sum(i_d * strides[d]). All elements lie inside the buffer.
struct OpOperand {
  std::byte *data = nullptr;
  uint32_t type = CRIA_TYPE_NONE;
  uint32_t rank = 0;
  std::array<uint64_t, 8> shape{};
  std::array<uint64_t, 8> strides{}; // in elements

  float *floats() const { return reinterpret_cast<float *>(data); }
  int32_t *integers() const { return reinterpret_cast<int32_t *>(data); }
};

/// An op with its operands and attributes by name. Names, types, ranks and equal dimensions are checked
/// against the opset; operands and attributes that are optional in the opset may be missing.
struct OpCall {
  std::map<std::string, OpOperand, std::less<>> operands;
  std::map<std::string, double, std::less<>> numbers;
  std::map<std::string, int64_t, std::less<>> integers;
  std::map<std::string, std::string, std::less<>> texts;

  /// REQUIRES: the operand is required by the opset.
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
  /// Runs the op on the calling thread. Different queues may run ops concurrently.
  void (*run)(const OpCall &call);
  /// Called when the op is recorded. Returns "", or an error in the arguments beyond names, types and
  /// dimensions. May throw Refusal(CRIA_STATUS_UNSUPPORTED, ..) for an unsupported type or optional part.
  /// Null: no further check.
  std::string (*check)(const OpCall &call) = nullptr;
  /// Called before each run. Returns "", or the first index that is out of range. Null: the op has no
  /// indices.
  std::string (*checkIndices)(const OpCall &call) = nullptr;
  /// The classes of activations (attribute `activations`) that it runs besides f32. Others are refused.
  std::span<const std::string_view> activations = {};
};

} // namespace cria::plugin

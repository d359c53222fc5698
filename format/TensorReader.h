// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorReader: the interface to the named tensors of a checkpoint, independent of its file format.
// Frontends implement it; the package writer calls it.
#pragma once

#include "format/WeightFormat.h"
#include "support/Status.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// A tensor as its file describes it.
struct TensorInfo {
  /// How its rows are encoded; nullopt if weights have no such format, e.g. for integers.
  std::optional<WeightFormat> format;
  /// The type as the file spells it, for messages: "F16".
  std::string typeName;
  /// Row-major; the last dimension is contiguous. A tensor of rank 1 is one row.
  std::vector<int64_t> shape;
  /// The size of its data in the file, in bytes.
  uint64_t size = 0;
  /// The path of its file, for messages.
  std::string file;

  uint64_t numElements() const {
    uint64_t elements = 1;
    for (int64_t extent : shape) {
      elements *= static_cast<uint64_t>(extent);
    }
    return elements;
  }
};

/// Thread-safe: it is immutable. Data is read on demand.
class TensorReader {
public:
  using Tensors = std::map<std::string, TensorInfo, std::less<>>;

  virtual ~TensorReader() = default;

  /// All tensors, by name.
  virtual const Tensors &tensors() const = 0;

  /// Reads rows [first, first + count) of the tensor `name`, encoded as its format says
  /// (format/WeightArrays.h). target: the exact size of the rows, overwritten. Errors: notFound if there is
  /// no such tensor; io; invalidArgument if the rows exceed the tensor.
  virtual Status readRows(std::string_view name, int64_t first, int64_t count,
                          std::span<std::byte> target) const = 0;

  /// Null if there is no such tensor.
  const TensorInfo *find(std::string_view name) const {
    const auto found = tensors().find(name);
    return found == tensors().end() ? nullptr : &found->second;
  }
};

} // namespace cria

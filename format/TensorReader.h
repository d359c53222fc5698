// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorReader: the named tensors of a checkpoint, whatever its file format. Frontends implement it; the
// package writer reads rows through it.
#pragma once

#include "format/ElementType.h"
#include "support/Status.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// A tensor as its file describes it.
struct TensorInfo {
  ElementType type = ElementType::f32;
  /// Row-major; the last dimension is contiguous. A tensor of rank 1 is one row.
  std::vector<int64_t> shape;
  /// Bytes of its data in the file.
  uint64_t size = 0;
  /// Path of the file that holds it, for messages.
  std::string file;
};

/// Immutable and thread-safe. Tensor data stays on disk until it is read.
class TensorReader {
public:
  using Tensors = std::map<std::string, TensorInfo, std::less<>>;

  virtual ~TensorReader() = default;

  /// All tensors, by name.
  virtual const Tensors &tensors() const = 0;

  /// Reads rows [first, first + count) of the tensor `name` into `target`, in the type of the file and
  /// aligned for it. `target` has exactly the size of these rows.
  /// Errors: notFound when there is no such tensor; io; invalidArgument when the rows lie outside the tensor.
  virtual Status readRows(std::string_view name, int64_t first, int64_t count,
                          std::span<std::byte> target) const = 0;

  /// Null when there is no such tensor.
  const TensorInfo *find(std::string_view name) const {
    const auto found = tensors().find(name);
    return found == tensors().end() ? nullptr : &found->second;
  }
};

} // namespace cria

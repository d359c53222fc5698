// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensors of one or more safetensors files as a TensorReader.
#pragma once

#include "format/Safetensors.h"
#include "format/TensorReader.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cria::huggingface {

class SafetensorsReader : public TensorReader {
public:
  /// Opens `paths`, reading headers only. Errors: those of SafetensorsFile::open(); invalidArgument when two
  /// files have a tensor of the same name.
  static StatusOr<std::unique_ptr<SafetensorsReader>> open(const std::vector<std::string> &paths);

  const Tensors &tensors() const override { return tensors_; }
  Status readRows(std::string_view name, int64_t first, int64_t count,
                  std::span<std::byte> target) const override;

  /// Forgets a tensor, so that tensors() no longer has it. Not thread-safe: call it before the reader is
  /// shared.
  void discard(const std::string &name);
  /// Gives a tensor another name, which no tensor has. As discard(), not thread-safe.
  void rename(const std::string &name, const std::string &newName);

private:
  struct Place {
    const SafetensorsFile *file;
    const SafetensorsTensor *entry;
  };
  Status add(const std::string &path);

  Tensors tensors_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<std::shared_ptr<const SafetensorsFile>> files_;
};

} // namespace cria::huggingface

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reader and the writer of safetensors files: an 8-byte little-endian header length, a JSON header,
// then the data of the tensors. The reader accepts hostile files: it checks every length, shape and range
// before use.
#pragma once

#include "format/ElementType.h"
#include "support/Descriptor.h"
#include "support/MappedFile.h"
#include "support/OutputFile.h"
#include "support/Status.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

/// One tensor of an open file.
struct SafetensorsTensor {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  uint64_t offset = 0; // bytes from the start of the file
  uint64_t size = 0;   // bytes
};

/// An open, memory-mapped and checked file. Thread-safe: it is immutable.
///
/// open() guarantees that the header fits into the file, names are unique, every size is the product of
/// shape and element size without overflow, and ranges lie inside the file, do not overlap and leave no
/// gap. Data is aligned as it is in the file: to 64 bytes in files of SafetensorsWriter, possibly not at
/// all in others. If another process truncates the file, access to data() raises SIGBUS
/// (support/MappedFile.h), while open() and read() return an error.
class SafetensorsFile {
public:
  /// Errors: notFound, io, invalidArgument, unsupported, with the file and the tensor.
  static StatusOr<std::shared_ptr<const SafetensorsFile>> open(const std::string &path);
  SafetensorsFile(const SafetensorsFile &) = delete;
  SafetensorsFile &operator=(const SafetensorsFile &) = delete;

  const std::string &path() const { return path_; }
  /// In file order, including padding tensors.
  const std::vector<SafetensorsTensor> &tensors() const { return tensors_; }
  const std::map<std::string, std::string> &metadata() const { return metadata_; }
  /// Null if there is no such tensor.
  const SafetensorsTensor *find(std::string_view name) const;

  /// The mapped bytes of a tensor, valid during the lifetime of this object.
  std::span<const std::byte> data(const SafetensorsTensor &tensor) const;
  /// Copies bytes [offset, offset + target.size()) of a tensor to `target`. Errors: io; invalidArgument if
  /// the range exceeds the tensor.
  Status read(const SafetensorsTensor &tensor, uint64_t offset, std::span<std::byte> target) const;
  uint64_t fileSize() const { return fileSize_; }

private:
  SafetensorsFile() = default;
  Status parseHeader(std::string_view header);
  Status checkLayout(uint64_t dataStart);

  std::string path_;
  Descriptor file_;
  MappedFile map_;
  uint64_t fileSize_ = 0;
  std::vector<SafetensorsTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// The prefix of the names of tensors that only fill gaps.
inline constexpr std::string_view kPaddingPrefix = "__padding.";
inline bool isPadding(const SafetensorsTensor &tensor) { return tensor.name.starts_with(kPaddingPrefix); }

/// A tensor that a SafetensorsWriter writes.
struct SafetensorsDeclaration {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
};

/// Writes a file. All tensors are declared first and then written in any order. Data begins at a 4096-byte
/// boundary and every tensor at a 64-byte boundary. The same declarations and data give the same bytes.
/// finish() gives the file its name; without it, the destructor removes the file, and an existing one stays
/// unchanged.
class SafetensorsWriter {
public:
  /// Allocates the final size on the disk. Bytes that are never written are zero. Errors: io (also if the
  /// disk is full); invalidArgument for a duplicate or reserved name or a size that overflows.
  static StatusOr<std::unique_ptr<SafetensorsWriter>>
  create(const std::string &path, const std::vector<SafetensorsDeclaration> &tensors,
         const std::map<std::string, std::string> &metadata = {});
  SafetensorsWriter(const SafetensorsWriter &) = delete;
  SafetensorsWriter &operator=(const SafetensorsWriter &) = delete;

  /// Writes bytes at `offset` bytes from the start of tensor number `tensor`, in the order of declaration.
  /// Errors: io; invalidArgument if the range exceeds the tensor. Thread-safe for disjoint ranges.
  Status write(size_t tensor, uint64_t offset, std::span<const std::byte> bytes);
  /// Flushes the file to the disk and gives it its name. Called once, as the last call. Errors: io.
  Status finish();
  /// In bytes.
  uint64_t sizeOfTensor(size_t tensor) const { return places_[tensor].size; }

private:
  struct Place {
    uint64_t offset, size;
  };
  SafetensorsWriter() = default;

  std::optional<OutputFile> file_;
  std::vector<Place> places_;
};

/// Returns the number of elements times the element size; nullopt if it overflows 63 bits or a dimension is
/// negative.
std::optional<uint64_t> tensorBytes(ElementType type, std::span<const int64_t> shape);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and writing safetensors files: an 8-byte little-endian header length, a JSON header, then tensor
// data. The reader trusts nothing: every length, shape and range is checked before it is used.
#pragma once

#include "format/ElementType.h"
#include "support/Descriptor.h"
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

/// One tensor of an open file. `offset` counts from the start of the file.
struct SafetensorsEntry {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  uint64_t offset = 0;
  uint64_t size = 0;
};

/// An open, mapped, checked file. Immutable; any number of threads may read.
///
/// open() guarantees: the header fits the file; names are unique; every size is shape x element size without
/// overflow; ranges lie inside the file, do not overlap and leave no hole. Data pointers have whatever
/// alignment the file gives them: files of ours 64 bytes, foreign ones perhaps none. A file that somebody
/// truncates while it is open raises SIGBUS when its mapping is read; read() returns an error.
class SafetensorsFile {
public:
  /// Errors: notFound, io, invalidArgument; each names the file, and the tensor it is about.
  static StatusOr<std::shared_ptr<const SafetensorsFile>> open(const std::string &path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile &) = delete;
  SafetensorsFile &operator=(const SafetensorsFile &) = delete;

  const std::string &path() const { return path_; }
  /// In file order, padding tensors included.
  const std::vector<SafetensorsEntry> &entries() const { return entries_; }
  const std::map<std::string, std::string> &metadata() const { return metadata_; }
  /// Null when there is no such tensor.
  const SafetensorsEntry *find(std::string_view name) const;

  /// The mapped bytes of a tensor, valid as long as the file is open.
  std::span<const std::byte> data(const SafetensorsEntry &entry) const;
  /// Copies bytes [offset, offset + target.size()) of a tensor. Errors: io; invalidArgument outside the
  /// tensor.
  Status read(const SafetensorsEntry &entry, uint64_t offset, std::span<std::byte> target) const;
  uint64_t fileSize() const { return fileSize_; }

private:
  SafetensorsFile() = default;
  Status parseHeader(std::string_view header);
  Status checkLayout(uint64_t dataStart);

  std::string path_;
  Descriptor file_;
  const std::byte *map_ = nullptr;
  uint64_t fileSize_ = 0;
  std::vector<SafetensorsEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// Tensors that only fill gaps are named with this prefix.
inline constexpr std::string_view kPaddingPrefix = "__padding.";
inline bool isPadding(const SafetensorsEntry &entry) { return entry.name.starts_with(kPaddingPrefix); }

struct SafetensorsDeclaration {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
};

/// Writes a file whose tensors are all declared first and then filled in any order, from any thread.
/// Data starts on a 4096-byte boundary, every tensor on a 64-byte one. The same declarations and data give
/// the same bytes. The file gets its name in finish(); without it nothing is left, and an older file stays.
class SafetensorsWriter {
public:
  /// Reserves the file's final size; bytes not written stay zero.
  /// Errors: io (also when the disk is too full); invalidArgument for a duplicate name or a size that
  /// overflows.
  static StatusOr<std::unique_ptr<SafetensorsWriter>>
  create(const std::string &path, std::vector<SafetensorsDeclaration> tensors,
         const std::map<std::string, std::string> &metadata = {});
  SafetensorsWriter(const SafetensorsWriter &) = delete;
  SafetensorsWriter &operator=(const SafetensorsWriter &) = delete;

  /// Writes bytes of tensor number `tensor` (in the order declared), `offset` bytes from its start.
  /// Errors: io; invalidArgument outside the tensor. Threads: any, for disjoint ranges.
  Status write(size_t tensor, uint64_t offset, std::span<const std::byte> bytes);
  /// Makes the file durable and closes it. Call once.
  Status finish();
  uint64_t sizeOfTensor(size_t tensor) const { return places_[tensor].size; }

private:
  struct Place {
    uint64_t offset, size;
  };
  SafetensorsWriter() = default;

  std::optional<OutputFile> file_;
  std::vector<Place> places_;
};

/// Elements x element size; nullopt when it overflows 63 bits or an extent is negative.
std::optional<uint64_t> tensorBytes(ElementType type, std::span<const int64_t> shape);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors reader. open() checks the whole file; data() returns views.
#include "format/Safetensors.h"

#include "support/File.h"
#include "support/Json.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace cria {

namespace {
constexpr uint64_t kLengthBytes = 8;
/// Far above any real header (that of a 70B model has 80 KB), and small enough to parse.
constexpr uint64_t kMaxHeaderBytes = uint64_t(64) << 20;
constexpr int64_t kMaxDimension = int64_t(1) << 48;

uint64_t littleEndian64(const std::byte *bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) {
    value = value << 8 | uint64_t(bytes[i]);
  }
  return value;
}

std::string shapeText(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

StatusOr<std::vector<int64_t>> parseShape(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(const Json *dimensions, object.array("shape"));
  std::vector<int64_t> shape;
  for (const Json &dimension : *dimensions) {
    bool valid = dimension.is_number_unsigned() && dimension.get<uint64_t>() <= uint64_t(kMaxDimension);
    if (!valid) {
      return invalidArgument("{}: expected dimensions from 0 to 2^48, got {}", object.where(),
                             describeJson(dimension));
    }
    shape.push_back(dimension.get<int64_t>());
  }
  return shape;
}

/// Parses {"dtype", "shape", "data_offsets"}. The offset of the result is relative to the start of the
/// data.
StatusOr<SafetensorsTensor> parseTensor(const std::string &name, const Json &value, const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object,
                        JsonObject::of(value, fmt::format("{}: tensor '{}'", path, printable(name))));
  SafetensorsTensor tensor{.name = name};
  CRIA_ASSIGN_OR_RETURN(std::string type, object.string("dtype"));
  std::optional<ElementType> known = safetensorsTypeOf(type);
  if (!known) {
    return error(StatusCode::unsupported, "{}: unknown dtype '{}'", object.where(), printable(type));
  }
  tensor.type = *known;
  CRIA_ASSIGN_OR_RETURN(tensor.shape, parseShape(object));
  CRIA_ASSIGN_OR_RETURN(const Json *range, object.array("data_offsets"));
  if (range->size() != 2 || !(*range)[0].is_number_unsigned() || !(*range)[1].is_number_unsigned()) {
    return object.mismatch("data_offsets", "two offsets");
  }
  CRIA_RETURN_IF_ERROR(object.finish());
  uint64_t begin = (*range)[0].get<uint64_t>(), end = (*range)[1].get<uint64_t>();
  std::optional<uint64_t> size = tensorBytes(tensor.type, tensor.shape);
  if (begin > end || !size || *size != end - begin) {
    return invalidArgument("{}: expected the {} bytes of shape {} and type {}, got the range {} to {}",
                           object.where(), size ? std::to_string(*size) : "2^63 or more",
                           shapeText(tensor.shape), type, begin, end);
  }
  tensor.offset = begin;
  tensor.size = *size;
  return tensor;
}
} // namespace

std::optional<uint64_t> tensorBytes(ElementType type, std::span<const int64_t> shape) {
  uint64_t bytes = sizeOf(type);
  for (int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(bytes, uint64_t(dimension), &bytes) ||
        bytes > uint64_t(INT64_MAX)) {
      return std::nullopt;
    }
  }
  return bytes;
}

namespace {
Status readBytes(const Descriptor &file, uint64_t offset, std::span<std::byte> target,
                 const std::string &where) {
  for (size_t done = 0; done < target.size();) {
    ssize_t count = pread(file.get(), target.data() + done, target.size() - done, off_t(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return error(StatusCode::io, "{}: {}", where,
                   count < 0 ? std::strerror(errno) : "the file was truncated");
    }
    done += size_t(count);
  }
  return {};
}

/// Reads the header; not by the mapping, so that a file that is truncated meanwhile is an error.
StatusOr<std::string> readHeader(const RegularFile &file, const std::string &path) {
  if (file.size < kLengthBytes) {
    return invalidArgument("{}: not a safetensors file; expected at least {} bytes, got {}", path,
                           kLengthBytes, file.size);
  }
  std::array<std::byte, kLengthBytes> length;
  CRIA_RETURN_IF_ERROR(readBytes(file.descriptor, 0, length, path + ": cannot read the header"));
  uint64_t headerBytes = littleEndian64(length.data());
  if (headerBytes > file.size - kLengthBytes) {
    return invalidArgument(
        "{}: truncated, or not a safetensors file; the header length is {} bytes, the file has {}", path,
        headerBytes, file.size);
  }
  if (headerBytes > kMaxHeaderBytes) {
    return invalidArgument("{}: expected a header of at most {} bytes, got {}", path, kMaxHeaderBytes,
                           headerBytes);
  }
  std::string header(headerBytes, '\0');
  CRIA_RETURN_IF_ERROR(readBytes(file.descriptor, kLengthBytes, std::as_writable_bytes(std::span(header)),
                                 path + ": cannot read the header"));
  return header;
}
} // namespace

StatusOr<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::open(const std::string &path) {
  std::shared_ptr<SafetensorsFile> result(new SafetensorsFile());
  result->path_ = path;
  CRIA_ASSIGN_OR_RETURN(RegularFile opened, openRegularFile(path));
  result->fileSize_ = opened.size;
  CRIA_ASSIGN_OR_RETURN(const std::string header, readHeader(opened, path));
  CRIA_RETURN_IF_ERROR(result->parseHeader(header));
  CRIA_RETURN_IF_ERROR(result->checkLayout(kLengthBytes + header.size()));
  CRIA_ASSIGN_OR_RETURN(result->map_, MappedFile::map(opened, path));
  result->file_ = std::move(opened.descriptor);
  return std::shared_ptr<const SafetensorsFile>(std::move(result));
}

Status SafetensorsFile::parseHeader(std::string_view header) {
  CRIA_ASSIGN_OR_RETURN(Json json, parseJson(header, path_ + ": header"));
  if (!json.is_object()) {
    return invalidArgument("{}: expected the header to be an object, got {}", path_, describeJson(json));
  }
  for (const auto &[name, value] : json.items()) {
    if (name != "__metadata__") {
      CRIA_ASSIGN_OR_RETURN(SafetensorsTensor tensor, parseTensor(name, value, path_));
      tensors_.push_back(std::move(tensor));
      continue;
    }
    CRIA_ASSIGN_OR_RETURN(JsonObject metadata, JsonObject::of(value, path_ + ": __metadata__"));
    for (const auto &[key, unused] : value.items()) {
      CRIA_ASSIGN_OR_RETURN(metadata_[key], metadata.string(key));
    }
  }
  return {};
}

Status SafetensorsFile::checkLayout(uint64_t dataStart) {
  std::ranges::sort(tensors_, [](const SafetensorsTensor &a, const SafetensorsTensor &b) {
    return std::tie(a.offset, a.size, a.name) < std::tie(b.offset, b.size, b.name);
  });
  uint64_t dataSize = fileSize_ - dataStart;
  uint64_t end = 0;
  for (SafetensorsTensor &tensor : tensors_) {
    if (tensor.offset + tensor.size > dataSize) {
      return invalidArgument("{}: truncated: tensor '{}' ends at byte {} of the data, which has {}", path_,
                             printable(tensor.name), tensor.offset + tensor.size, dataSize);
    }
    if (tensor.offset != end) {
      return invalidArgument("{}: tensor '{}' {} the previous one; expected it to start at byte {}, got {}",
                             path_, printable(tensor.name),
                             tensor.offset < end ? "overlaps" : "leaves a gap after", end, tensor.offset);
    }
    end += tensor.size;
    tensor.offset += dataStart;
    index_.emplace(tensor.name, index_.size());
  }
  if (end != dataSize) {
    return invalidArgument(
        "{}: expected {} bytes of data, got {}; the bytes after the last tensor belong to none", path_, end,
        dataSize);
  }
  return {};
}

const SafetensorsTensor *SafetensorsFile::find(std::string_view name) const {
  auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

std::span<const std::byte> SafetensorsFile::data(const SafetensorsTensor &tensor) const {
  return map_.bytes().subspan(tensor.offset, tensor.size);
}

Status SafetensorsFile::read(const SafetensorsTensor &tensor, uint64_t offset,
                             std::span<std::byte> target) const {
  if (offset > tensor.size || target.size() > tensor.size - offset) {
    return invalidArgument("{}: bytes {} to {} exceed tensor '{}' of {} bytes", path_, offset,
                           offset + target.size(), printable(tensor.name), tensor.size);
  }
  return readBytes(file_, tensor.offset + offset, target,
                   fmt::format("{}: cannot read tensor '{}'", path_, printable(tensor.name)));
}

} // namespace cria

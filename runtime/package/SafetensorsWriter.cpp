// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors writer: lays out the whole file from its declarations, then fills it in any order.
#include "runtime/package/Json.h"
#include "runtime/package/Safetensors.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <unistd.h>

namespace cria {

namespace {
// A page, so that a mapped file can be handed to a backend as it lies.
constexpr uint64_t kDataAlignment = 4096;
constexpr uint64_t kTensorAlignment = 64;

constexpr uint64_t roundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

void declare(nlohmann::ordered_json &header, const SafetensorsDeclaration &tensor, uint64_t begin,
             uint64_t end) {
  header[tensor.name] = {
      {"dtype", safetensorsNameOf(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
}

/// The length field and the header, padded with spaces to a multiple of kDataAlignment.
std::string headerBytes(const nlohmann::ordered_json &header) {
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  uint64_t length = roundUp(text.size() + 8, kDataAlignment) - 8;
  text.resize(length, ' ');
  std::string result;
  for (int i = 0; i < 8; ++i) {
    result += char(length >> (8 * i) & 0xFF);
  }
  return result + text;
}

Status writeAll(int file, const std::string &path, uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t count = pwrite(file, bytes.data(), bytes.size(), off_t(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return error(StatusCode::io, "{}: cannot write: {}", path, std::strerror(errno));
    }
    offset += uint64_t(count);
    bytes = bytes.subspan(size_t(count));
  }
  return {};
}

/// Reserves the blocks, so that a full disk is an error now and not after an hour.
Status reserve(int file, const std::string &path, uint64_t size) {
  if (size > 0 && fallocate(file, 0, 0, off_t(size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    return error(StatusCode::io, "{}: cannot reserve {} bytes: {}", path, size, std::strerror(errno));
  }
  if (ftruncate(file, off_t(size)) != 0) {
    return error(StatusCode::io, "{}: cannot make it {} bytes long: {}", path, size, std::strerror(errno));
  }
  return {};
}
} // namespace

StatusOr<std::unique_ptr<SafetensorsWriter>>
SafetensorsWriter::create(const std::string &path, std::vector<SafetensorsDeclaration> tensors,
                          const std::map<std::string, std::string> &metadata) {
  std::unique_ptr<SafetensorsWriter> writer(new SafetensorsWriter());
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  std::set<std::string> names;
  uint64_t end = 0, numPadding = 0;
  for (const SafetensorsDeclaration &tensor : tensors) {
    std::optional<uint64_t> size = tensorBytes(tensor.type, tensor.shape);
    uint64_t begin = roundUp(end, kTensorAlignment);
    if (!size || *size > uint64_t(INT64_MAX) / 2 || begin > uint64_t(INT64_MAX) / 2) {
      return invalidArgument("{}: tensor '{}' is too large", path, printable(tensor.name));
    }
    bool reserved = tensor.name == "__metadata__" || tensor.name.starts_with(kPaddingPrefix);
    if (reserved || !names.insert(tensor.name).second) {
      return invalidArgument("{}: tensor name '{}' is {}", path, printable(tensor.name),
                             reserved ? "reserved" : "declared twice");
    }
    if (begin != end) {
      std::string name = fmt::format("{}{}", kPaddingPrefix, numPadding++);
      declare(header, {name, DataType::u8, {int64_t(begin - end)}}, end, begin);
    }
    end = begin + *size;
    declare(header, tensor, begin, end);
    writer->places_.push_back({begin, *size});
  }
  std::string bytes = headerBytes(header);
  for (Place &place : writer->places_) {
    place.offset += bytes.size();
  }
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) {
    return error(StatusCode::io, "{}: cannot create: {}", path, std::strerror(errno));
  }
  writer->path_ = path;
  writer->file_ = file;
  CRIA_RETURN_IF_ERROR(reserve(file, path, bytes.size() + end));
  CRIA_RETURN_IF_ERROR(writeAll(file, path, 0, std::as_bytes(std::span(bytes))));
  return writer;
}

SafetensorsWriter::~SafetensorsWriter() {
  if (file_ >= 0) {
    close(file_);
    unlink(path_.c_str());
  }
}

Status SafetensorsWriter::write(size_t tensor, uint64_t offset, std::span<const std::byte> bytes) {
  const Place &place = places_[tensor];
  if (offset > place.size || bytes.size() > place.size - offset) {
    return invalidArgument("{}: bytes {} to {} lie outside a tensor of {} bytes", path_, offset,
                           offset + bytes.size(), place.size);
  }
  return writeAll(file_, path_, place.offset + offset, bytes);
}

Status SafetensorsWriter::finish() {
  if (fsync(file_) != 0 || close(file_) != 0) {
    return error(StatusCode::io, "{}: cannot finish writing: {}", path_, std::strerror(errno));
  }
  file_ = -1;
  return {};
}

} // namespace cria

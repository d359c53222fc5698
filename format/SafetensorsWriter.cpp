// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors writer: lays out the file from the declarations, then writes tensors in any order.
#include "format/Safetensors.h"
#include "support/Json.h"

#include <set>

namespace cria {

namespace {
/// The size of a page, so that a backend can use a mapped file in place.
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

/// Returns the length field and the header, padded with spaces to a multiple of kDataAlignment.
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
} // namespace

StatusOr<std::unique_ptr<SafetensorsWriter>>
SafetensorsWriter::create(const std::string &path, const std::vector<SafetensorsDeclaration> &tensors,
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
      declare(header, {name, ElementType::u8, {int64_t(begin - end)}}, end, begin);
    }
    end = begin + *size;
    declare(header, tensor, begin, end);
    writer->places_.push_back({begin, *size});
  }
  std::string bytes = headerBytes(header);
  for (Place &place : writer->places_) {
    place.offset += bytes.size();
  }
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path, OutputFile::Order::any));
  OutputFile &out = writer->file_.emplace(std::move(file));
  CRIA_RETURN_IF_ERROR(out.reserve(bytes.size() + end));
  CRIA_RETURN_IF_ERROR(out.writeAt(0, std::as_bytes(std::span(bytes))));
  return writer;
}

Status SafetensorsWriter::write(size_t tensor, uint64_t offset, std::span<const std::byte> bytes) {
  const Place &place = places_[tensor];
  if (offset > place.size || bytes.size() > place.size - offset) {
    return invalidArgument("{}: bytes {} to {} exceed a tensor of {} bytes", file_->path(), offset,
                           offset + bytes.size(), place.size);
  }
  return file_->writeAt(place.offset + offset, bytes);
}

Status SafetensorsWriter::finish() { return file_->finish(); }

} // namespace cria

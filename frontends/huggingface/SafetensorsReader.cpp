// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/SafetensorsReader.h"

#include "frontends/huggingface/CheckpointFiles.h"
#include "support/Json.h"

namespace cria::huggingface {

StatusOr<std::unique_ptr<SafetensorsReader>> SafetensorsReader::open(const std::vector<std::string> &paths) {
  auto reader = std::make_unique<SafetensorsReader>();
  for (const std::string &path : paths) {
    CRIA_RETURN_IF_ERROR(reader->add(path));
  }
  return reader;
}

Status SafetensorsReader::add(const std::string &path) {
  CRIA_RETURN_IF_ERROR(refuseStandIn(path, FileContent::bytes));
  CRIA_ASSIGN_OR_RETURN(std::shared_ptr<const SafetensorsFile> file, SafetensorsFile::open(path));
  for (const SafetensorsTensor &entry : file->tensors()) {
    const auto [place, isNew] = places_.try_emplace(entry.name, Place{file.get(), &entry});
    if (!isNew) {
      return invalidArgument("{}: tensor '{}' is also in {}", path, printable(entry.name),
                             place->second.file->path());
    }
    tensors_.emplace(entry.name, TensorInfo{.format = denseFormatOf(entry.type),
                                            .typeName = std::string(safetensorsNameOf(entry.type)),
                                            .shape = entry.shape,
                                            .size = entry.size,
                                            .file = path});
  }
  files_.push_back(std::move(file));
  return {};
}

Status SafetensorsReader::readRows(std::string_view name, int64_t first, int64_t count,
                                   std::span<std::byte> target) const {
  const auto found = places_.find(name);
  if (found == places_.end()) {
    return error(StatusCode::notFound, "tensor '{}' is not in the checkpoint", printable(name));
  }
  const auto &[file, entry] = found->second;
  const int64_t rows = entry->shape.size() < 2 ? 1 : entry->shape[0];
  if (first < 0 || count < 0 || first > rows || count > rows - first) {
    return invalidArgument("{}: rows {} to {} lie outside tensor '{}' of {} rows", file->path(), first,
                           first + count, printable(name), rows);
  }
  const uint64_t rowBytes = rows == 0 ? 0 : entry->size / static_cast<uint64_t>(rows);
  return file->read(*entry, static_cast<uint64_t>(first) * rowBytes, target);
}

void SafetensorsReader::discard(const std::string &name) {
  tensors_.erase(name);
  places_.erase(name);
}

void SafetensorsReader::rename(const std::string &name, const std::string &newName) {
  tensors_.emplace(newName, tensors_.at(name));
  places_.emplace(newName, places_.at(name));
  discard(name);
}

} // namespace cria::huggingface

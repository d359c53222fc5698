// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/TiedOutput.h"

#include "format/ElementConversion.h"
#include "frontends/LlamaTensors.h"
#include "support/Json.h"

#include <algorithm>

namespace cria::huggingface {

namespace {

/// Reads rows of a matrix as f32.
class Rows {
public:
  Rows(const TensorReader &tensors, const std::string &name)
      : tensors_(tensors), name_(name), info_(*tensors.find(name)), type_(traitsOf(*info_.format).element) {}

  StatusOr<std::vector<float>> read(int64_t first, int64_t count) const {
    const auto elements = static_cast<size_t>(count * info_.shape[1]);
    std::vector<std::byte> bytes(elements * sizeOf(type_));
    CRIA_RETURN_IF_ERROR(tensors_.readRows(name_, first, count, bytes));
    std::vector<float> values(elements);
    convertElements(type_, bytes.data(), ElementType::f32, reinterpret_cast<std::byte *>(values.data()),
                    elements);
    return values;
  }

private:
  const TensorReader &tensors_;
  const std::string &name_;
  const TensorInfo &info_;
  ElementType type_;
};

/// Whether two matrices have the same shape and values; NaN equals nothing. Stops at the first difference.
StatusOr<bool> areEqual(const TensorReader &tensors, const std::string &one, const std::string &other) {
  const TensorInfo &info = *tensors.find(one);
  if (info.shape != tensors.find(other)->shape || info.shape.size() != 2) {
    return false;
  }
  constexpr int64_t kRows = 64; // of a large model: 2 MiB at a time
  const Rows ones(tensors, one), others(tensors, other);
  for (int64_t first = 0; first < info.shape[0]; first += kRows) {
    const int64_t count = std::min(kRows, info.shape[0] - first);
    CRIA_ASSIGN_OR_RETURN(const std::vector<float> a, ones.read(first, count));
    CRIA_ASSIGN_OR_RETURN(const std::vector<float> b, others.read(first, count));
    if (a != b) {
      return false;
    }
  }
  return true;
}

bool isReadable(const TensorInfo &tensor) { return tensor.format && isDense(*tensor.format); }

} // namespace

Status settleTiedOutput(SafetensorsReader &tensors, ModelConfig &config, std::vector<std::string> &notes) {
  const std::string output = huggingFaceNameOf({TensorRole::output});
  const std::string embedding = huggingFaceNameOf({TensorRole::embedding});
  const TensorInfo *own = tensors.find(output);
  const TensorInfo *table = tensors.find(embedding);
  if (!config.tiedEmbeddings || own == nullptr) {
    return {};
  }
  if (table == nullptr) {
    tensors.rename(output, embedding);
    return {};
  }
  if (!isReadable(*own) || !isReadable(*table)) {
    return {}; // the check of all tensors names them
  }
  CRIA_ASSIGN_OR_RETURN(const bool isSame, areEqual(tensors, embedding, output));
  if (isSame) {
    tensors.discard(output);
    return {};
  }
  config.tiedEmbeddings = false;
  notes.push_back(fmt::format("{}: '{}' and '{}' have different values, so they are not tied, although "
                              "config.json states 'tie_word_embeddings' = true",
                              own->file, output, embedding));
  return {};
}

} // namespace cria::huggingface

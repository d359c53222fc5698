// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/Importance.h"

#include "format/Safetensors.h"
#include "support/Sha256.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cria {
namespace {

constexpr std::string_view kFormat = "cria importance", kFormatVersion = "1";
constexpr double kLeastWeight = 1e-3; // of a column, in terms of the average

std::string digestOf(const VectorsByName &norms) {
  Sha256 digest;
  for (const auto &[name, values] : norms) {
    digest.update(std::as_bytes(std::span(name)));
    digest.update(std::as_bytes(std::span(values)));
  }
  return digest.finish();
}

/// What a member of the metadata is; "nothing" if it is absent.
std::string stated(const SafetensorsFile &file, const std::string &member) {
  const auto found = file.metadata().find(member);
  return found == file.metadata().end() ? "nothing" : printable(found->second);
}

Status checkFormat(const SafetensorsFile &file) {
  if (stated(file, "format") != kFormat) {
    return invalidArgument("{}: expected importance data, which 'cria calibrate' writes, got a file whose "
                           "metadata states the format {}",
                           file.path(), stated(file, "format"));
  }
  if (stated(file, "version") != kFormatVersion) {
    return error(StatusCode::unsupported,
                 "{}: expected importance data of version {}, got {}; run 'cria calibrate' again",
                 file.path(), kFormatVersion, stated(file, "version"));
  }
  return {};
}

Status checkIdentity(const SafetensorsFile &file, const CalibratedModel &model) {
  for (const auto &[member, expected] : model.identity) {
    if (stated(file, member) != expected) {
      return invalidArgument("{}: importance data of another model: expected {} {} as in the checkpoint, got "
                             "{}; run 'cria calibrate' on this checkpoint",
                             file.path(), member, expected, stated(file, member));
    }
  }
  return {};
}

Status checkNames(const SafetensorsFile &file, const CalibratedModel &model) {
  for (const SafetensorsTensor &tensor : file.tensors()) {
    if (!isPadding(tensor) && !model.columns.contains(tensor.name)) {
      return invalidArgument("{}: tensor '{}': the model has no such matrix", file.path(),
                             printable(tensor.name));
    }
  }
  return {};
}

/// `where` begins the message.
Status checkMeans(const std::string &where, const std::vector<float> &means) {
  const auto bad = std::ranges::find_if(means, [](float mean) { return !(mean >= 0) || std::isinf(mean); });
  return bad == means.end()
             ? Status()
             : invalidArgument("{}: expected finite means of squares from 0 up, got {} in column {}", where,
                               *bad, bad - means.begin());
}

StatusOr<std::vector<float>> readMeans(const SafetensorsFile &file, const std::string &name,
                                       int64_t columns) {
  const SafetensorsTensor *tensor = file.find(name);
  const std::string where = fmt::format("{}: tensor '{}'", file.path(), name);
  if (tensor == nullptr) {
    return invalidArgument("{}: expected the means of {} columns, got no such tensor", where, columns);
  }
  if (tensor->type != ElementType::f32 || tensor->shape != std::vector{columns}) {
    return invalidArgument("{}: expected f32 and the shape [{}], got {} and [{}]", where, columns,
                           nameOf(tensor->type), fmt::join(tensor->shape, ", "));
  }
  std::vector<float> means(static_cast<size_t>(columns));
  CRIA_RETURN_IF_ERROR(file.read(*tensor, 0, std::as_writable_bytes(std::span(means))));
  CRIA_RETURN_IF_ERROR(checkMeans(where, means));
  return means;
}

} // namespace

std::map<std::string, std::string> identityOf(const ModelConfig &config, const VectorsByName &norms) {
  return {{"dim", std::to_string(config.dim)},
          {"layers", std::to_string(config.layers)},
          {"heads", std::to_string(config.heads)},
          {"kv_heads", std::to_string(config.kvHeads)},
          {"head_dim", std::to_string(config.headDim)},
          {"ffn_dim", std::to_string(config.ffnDim)},
          {"vocab_size", std::to_string(config.vocabSize)},
          {"tied_embeddings", config.tiedEmbeddings ? "true" : "false"},
          {"norms_sha256", digestOf(norms)}};
}

Status writeImportance(const std::string &path, const CalibratedModel &model, uint64_t numTokens,
                       const VectorsByName &means) {
  std::vector<SafetensorsDeclaration> tensors;
  for (const auto &[name, columns] : model.columns) {
    const auto found = means.find(name);
    if (found == means.end() || found->second.size() != static_cast<size_t>(columns)) {
      return invalidArgument("{}: expected the means of {} columns of '{}', got {}", path, columns, name,
                             found == means.end() ? 0 : found->second.size());
    }
    CRIA_RETURN_IF_ERROR(checkMeans(fmt::format("the input of '{}'", name), found->second));
    tensors.push_back({name, ElementType::f32, {columns}});
  }
  std::map<std::string, std::string> metadata = model.identity;
  metadata.insert({{"format", std::string(kFormat)},
                   {"version", std::string(kFormatVersion)},
                   {"tokens", std::to_string(numTokens)}});
  CRIA_ASSIGN_OR_RETURN(const auto writer, SafetensorsWriter::create(path, tensors, metadata));
  for (size_t i = 0; i < tensors.size(); ++i) {
    CRIA_RETURN_IF_ERROR(writer->write(i, 0, std::as_bytes(std::span(means.find(tensors[i].name)->second))));
  }
  return writer->finish();
}

StatusOr<VectorsByName> readImportance(const std::string &path, const CalibratedModel &model) {
  CRIA_ASSIGN_OR_RETURN(const std::shared_ptr<const SafetensorsFile> file, SafetensorsFile::open(path));
  CRIA_RETURN_IF_ERROR(checkFormat(*file));
  CRIA_RETURN_IF_ERROR(checkIdentity(*file, model));
  CRIA_RETURN_IF_ERROR(checkNames(*file, model));
  VectorsByName means;
  for (const auto &[name, columns] : model.columns) {
    CRIA_ASSIGN_OR_RETURN(means[name], readMeans(*file, name, columns));
  }
  return means;
}

std::vector<float> errorWeightsOf(const std::vector<float> &means) {
  const double average =
      std::accumulate(means.begin(), means.end(), 0.0) / std::max(double(means.size()), 1.0);
  std::vector<float> weights;
  for (const float mean : means) {
    weights.push_back(average > 0 ? float(std::max(mean / average, kLeastWeight)) : 1.0f);
  }
  return weights;
}

} // namespace cria

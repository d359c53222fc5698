// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts model configurations to and from JSON, and checks their consistency.
#include "format/ModelConfig.h"

namespace cria {

namespace {
constexpr int64_t kMaxSize = INT32_MAX;
constexpr int64_t kMaxNameBytes = 4096;

struct SizeRule {
  const char *name;
  int64_t ModelConfig::*member;
  int64_t max = kMaxSize;
};

constexpr SizeRule kSizes[] = {
    {"dim", &ModelConfig::dim},
    {"layers", &ModelConfig::layers, ModelConfig::kMaxLayers},
    {"heads", &ModelConfig::heads},
    {"kv_heads", &ModelConfig::kvHeads},
    {"head_dim", &ModelConfig::headDim, ModelConfig::kMaxHeadDim},
    {"ffn_dim", &ModelConfig::ffnDim},
    {"vocab_size", &ModelConfig::vocabSize},
    {"context", &ModelConfig::context},
};

/// Sums products of non-negative factors, and records an overflow.
struct CheckedSum {
  int64_t total = 0;
  bool overflow = false;
  void add(int64_t a, int64_t b, int64_t c = 1) {
    int64_t product = 0;
    overflow |= __builtin_mul_overflow(a, b, &product) || __builtin_mul_overflow(product, c, &product) ||
                __builtin_add_overflow(total, product, &total);
  }
};

CheckedSum countParameters(const ModelConfig &c) {
  CheckedSum sum;
  if (__builtin_mul_overflow(c.heads, c.headDim, &sum.total)) {
    return {.overflow = true};
  }
  sum.total = 0;
  sum.add(c.vocabSize, c.dim, c.tiedEmbeddings ? 1 : 2);
  sum.add(c.dim, 2 * c.layers + 1);
  sum.add(2 * c.heads * c.headDim, c.dim, c.layers);
  sum.add(2 * c.kvHeads * c.headDim, c.dim, c.layers);
  sum.add(3 * c.ffnDim, c.dim, c.layers);
  return sum;
}

StatusOr<std::vector<int64_t>> idsFromJson(JsonObject &object) {
  CRIA_ASSIGN_OR_RETURN(const Json *ids, object.array("eos_ids"));
  std::vector<int64_t> result;
  for (const Json &id : *ids) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > kMaxSize) {
      return object.mismatch("eos_ids", "token ids");
    }
    result.push_back(id.get<int64_t>());
  }
  return result;
}
} // namespace

int64_t ModelConfig::parameters() const { return countParameters(*this).total; }

Status ModelConfig::check(std::string_view where) const {
  for (const SizeRule &size : kSizes) {
    int64_t value = this->*size.member;
    if (value < 1 || value > size.max) {
      return invalidArgument("{}: expected {} to be from 1 to {}, got {}", where, size.name, size.max, value);
    }
  }
  if (name.size() > size_t(kMaxNameBytes)) {
    return invalidArgument("{}: expected a name of at most {} bytes, got {}", where, kMaxNameBytes,
                           name.size());
  }
  if (heads % kvHeads != 0) {
    return invalidArgument("{}: expected heads to be a multiple of kv_heads, got {} and {}", where, heads,
                           kvHeads);
  }
  if (headDim % 2 != 0) {
    return invalidArgument("{}: expected an even head_dim, got {}", where, headDim);
  }
  if (heads * headDim > kMaxSize || 2 * ffnDim > kMaxSize || countParameters(*this).overflow) {
    return invalidArgument("{}: heads * head_dim, 2 * ffn_dim or the number of parameters is too large",
                           where);
  }
  if (!(normEpsilon > 0 && normEpsilon < 1)) {
    return invalidArgument("{}: expected norm_epsilon to lie between 0 and 1, got {}", where, normEpsilon);
  }
  if (!(ropeTheta >= 1 && ropeTheta <= 1e15)) {
    return invalidArgument("{}: expected rope_theta to be from 1 to 1e15, got {}", where, ropeTheta);
  }
  if (bosId < -1 || bosId >= vocabSize) {
    return invalidArgument("{}: expected bos_id below the vocabulary size {}, got {}", where, vocabSize,
                           bosId);
  }
  for (int64_t id : eosIds) {
    if (id < 0 || id >= vocabSize) {
      return invalidArgument("{}: expected eos_ids below the vocabulary size {}, got {}", where, vocabSize,
                             id);
    }
  }
  if (ropeScaling && ropeScaling->kind == RopeScaling::Kind::yarn && ropeTheta == 1) {
    return invalidArgument("{}: expected rope_theta above 1 with yarn scaling, got 1", where);
  }
  return ropeScaling ? ropeScaling->check(where) : Status();
}

nlohmann::ordered_json ModelConfig::toJson() const {
  nlohmann::ordered_json json = {
      {"name", name}, {"architecture", architecture}, {"parameters", parameters()}};
  for (const SizeRule &size : kSizes) {
    json[size.name] = this->*size.member;
  }
  json["norm_epsilon"] = normEpsilon;
  json["rope_theta"] = ropeTheta;
  json["rope_scaling"] = ropeScaling ? ropeScaling->toJson() : nlohmann::ordered_json();
  json["tied_embeddings"] = tiedEmbeddings;
  json["bos_id"] = bosId;
  json["eos_ids"] = eosIds;
  return json;
}

StatusOr<ModelConfig> ModelConfig::fromJson(const Json &value, const std::string &where) {
  CRIA_ASSIGN_OR_RETURN(JsonObject object, JsonObject::of(value, where));
  ModelConfig config;
  CRIA_ASSIGN_OR_RETURN(config.name, object.string("name"));
  CRIA_ASSIGN_OR_RETURN(config.architecture, object.string("architecture"));
  if (config.architecture != "llama") {
    return error(StatusCode::unsupported, "{}: expected architecture 'llama', got '{}'", where,
                 printable(config.architecture));
  }
  CRIA_ASSIGN_OR_RETURN(int64_t parameters, object.integer("parameters", 0, INT64_MAX));
  for (const SizeRule &size : kSizes) {
    CRIA_ASSIGN_OR_RETURN(config.*size.member, object.integer(size.name, 1, size.max));
  }
  CRIA_ASSIGN_OR_RETURN(config.normEpsilon, object.number("norm_epsilon"));
  CRIA_ASSIGN_OR_RETURN(config.ropeTheta, object.number("rope_theta"));
  if (!object.absentOrNull("rope_scaling")) {
    CRIA_ASSIGN_OR_RETURN(JsonObject scaling, object.object("rope_scaling"));
    CRIA_ASSIGN_OR_RETURN(config.ropeScaling, RopeScaling::fromJson(std::move(scaling)));
  }
  CRIA_ASSIGN_OR_RETURN(config.tiedEmbeddings, object.boolean("tied_embeddings"));
  CRIA_ASSIGN_OR_RETURN(config.bosId, object.integer("bos_id", -1, kMaxSize));
  CRIA_ASSIGN_OR_RETURN(config.eosIds, idsFromJson(object));
  CRIA_RETURN_IF_ERROR(object.finish());
  CRIA_RETURN_IF_ERROR(config.check(where));
  if (config.parameters() != parameters) {
    return invalidArgument("{}: expected {} parameters for these sizes, got {}", where, config.parameters(),
                           parameters);
  }
  return config;
}

} // namespace cria

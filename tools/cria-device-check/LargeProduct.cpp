// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/LargeProduct.h"

#include <charconv>
#include <numeric>

namespace cria::check {

using namespace conformance;

static constexpr uint64_t kPageTokens = 32;
static constexpr uint64_t kSeed = 1;
static const std::string kPrefix = "product-";

std::optional<LargeProduct> LargeProduct::parse(const std::string &text) {
  LargeProduct product;
  const char *at = text.data();
  const char *const end = at + text.size();
  for (uint64_t *size : {&product.rows_, &product.columns_, &product.tokens_}) {
    const bool isFirst = at == text.data();
    if (!isFirst && (at == end || *at++ != 'x')) {
      return std::nullopt;
    }
    const auto [rest, problem] = std::from_chars(at, end, *size);
    if (problem != std::errc() || *size == 0) {
      return std::nullopt;
    }
    at = rest;
  }
  return at == end ? std::optional(product) : std::nullopt;
}

std::optional<LargeProduct> LargeProduct::named(const std::string &name) {
  return name.rfind(kPrefix, 0) == 0 ? parse(name.substr(kPrefix.size())) : std::nullopt;
}

std::string LargeProduct::name() const {
  return kPrefix + std::to_string(rows_) + "x" + std::to_string(columns_) + "x" + std::to_string(tokens_);
}

CaseLimits LargeProduct::limits() const {
  const auto tokens = static_cast<int64_t>(tokens_);
  return {.maxTokens = tokens, .maxSequences = 1, .context = tokens};
}

std::string LargeProduct::module() const {
  Random random(kSeed);
  return linearProgram(random, shape(), limits()).module();
}

Tensors LargeProduct::tensors() const {
  Random random(kSeed);
  return linearProgram(random, shape(), limits()).tensors();
}

uint64_t LargeProduct::pages() const { return (tokens_ + kPageTokens - 1) / kPageTokens; }

StepInputs LargeProduct::step() const {
  StepInputs step;
  for (uint64_t i = 0; i < tokens_; ++i) {
    step.tokens.push_back(static_cast<int64_t>(i % OpProgram::kVocabulary));
  }
  step.positions.resize(tokens_);
  std::iota(step.positions.begin(), step.positions.end(), 0);
  step.slots = step.positions;
  step.sequences.assign(tokens_, 0);
  step.sequenceStarts = {0, static_cast<int64_t>(tokens_)};
  step.outputs = {0};
  step.blockTable.resize(1);
  step.blockTable[0].resize(pages());
  std::iota(step.blockTable[0].begin(), step.blockTable[0].end(), 0);
  return step;
}

double LargeProduct::operations() const {
  return 2.0 * static_cast<double>(rows_) * static_cast<double>(columns_) * static_cast<double>(tokens_);
}

} // namespace cria::check

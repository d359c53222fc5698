// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/RandomCalls.h"

#include "tools/cria-plugin-test/Formulas.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cria::conformance {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kRopeTheta = 10000.0;

View arrangedMatrix(Random &random, uint64_t rows, uint64_t columns, uint32_t type) {
  View view;
  view.first = random.between(0, 3);
  view.shape = {rows, columns};
  view.strides = {columns + random.between(0, 5), 1};
  const uint64_t size = view.first + rows * view.strides[0] + 1;
  view.array = std::make_shared<Array>(Array{type, std::vector<double>(size, kNan)});
  return view;
}

/// Allocates the pages of a pool in random order.
class PagePool {
public:
  PagePool(Random &random, uint64_t pages) : free_(pages) {
    std::iota(free_.begin(), free_.end(), 0);
    std::shuffle(free_.begin(), free_.end(), random.engine());
  }
  int64_t take() {
    const int64_t page = free_.back();
    free_.pop_back();
    return page;
  }

private:
  std::vector<int64_t> free_;
};

struct Span {
  uint64_t past;
  uint64_t rows;
  uint64_t pages(uint64_t pageTokens) const { return (past + rows + pageTokens - 1) / pageTokens; }
};

std::vector<Span> randomSpans(Random &random, const BatchShape &shape) {
  std::vector<Span> spans(shape.sequences);
  for (Span &span : spans) {
    span = {random.between(0, shape.maxPast), random.between(1, shape.maxNew)};
  }
  return spans;
}

} // namespace

uint64_t Random::between(uint64_t low, uint64_t high) {
  return std::uniform_int_distribution<uint64_t>(low, high)(engine_);
}
double Random::normal() { return std::normal_distribution<double>()(engine_); }

View randomMatrix(Random &random, uint64_t rows, uint64_t columns, uint32_t type, double scale) {
  View view = arrangedMatrix(random, rows, columns, type);
  for (uint64_t i = 0; i < rows; ++i) {
    for (uint64_t j = 0; j < columns; ++j) {
      view.array->values[view.index(i, j)] = roundToType(type, random.normal() * scale);
    }
  }
  return view;
}

View randomVector(Random &random, uint64_t size, double mean) {
  std::vector<double> values(size);
  std::generate(values.begin(), values.end(), [&] { return mean + 0.5 * random.normal(); });
  return denseView(CRIA_TYPE_F32, {size}, std::move(values));
}

View resultMatrix(Random &random, uint64_t rows, uint64_t columns) {
  return arrangedMatrix(random, rows, columns, CRIA_TYPE_F32);
}

Batch randomBatch(Random &random, const BatchShape &shape) {
  const std::vector<Span> spans = randomSpans(random, shape);
  Batch batch;
  uint64_t maxPages = 1;
  for (const Span &span : spans) {
    batch.pages += span.pages(shape.pageTokens);
    maxPages = std::max(maxPages, span.pages(shape.pageTokens));
  }
  batch.pages += shape.sparePages;
  PagePool pool(random, batch.pages);
  std::vector<int64_t> positions, sequences, slots, starts{0};
  std::vector<double> table(shape.sequences * maxPages, -1);
  for (uint64_t s = 0; s < shape.sequences; ++s) {
    for (uint64_t page = 0; page < spans[s].pages(shape.pageTokens); ++page) {
      table[s * maxPages + page] = static_cast<double>(pool.take());
    }
    for (uint64_t p = 0; p < spans[s].past + spans[s].rows; ++p) {
      const auto page = static_cast<uint64_t>(table[s * maxPages + p / shape.pageTokens]);
      const uint64_t slot = page * shape.pageTokens + p % shape.pageTokens;
      if (p < spans[s].past) {
        batch.pastSlots.push_back(slot);
        continue;
      }
      positions.push_back(static_cast<int64_t>(p));
      sequences.push_back(static_cast<int64_t>(s));
      slots.push_back(static_cast<int64_t>(slot));
      batch.maxPosition = std::max(batch.maxPosition, p);
    }
    starts.push_back(static_cast<int64_t>(positions.size()));
  }
  for (uint64_t i = 0; i < shape.paddingRows; ++i) {
    positions.push_back(0);
    sequences.push_back(-1);
    slots.push_back(-1);
  }
  batch.rows = positions.size();
  batch.positions = integerView(positions);
  batch.sequences = integerView(sequences);
  batch.slots = integerView(slots);
  batch.sequenceStarts = integerView(starts);
  batch.blockTable = denseView(CRIA_TYPE_I32, {shape.sequences, maxPages}, std::move(table));
  return batch;
}

void addCache(Random &random, const Batch &batch, const CacheShape &shape, uint32_t access, OpCall &call) {
  const std::vector<uint64_t> layerExtents{2, shape.kvHeads, shape.pageTokens, shape.headDim};
  const uint64_t layerSize = 2 * shape.kvHeads * shape.pageTokens * shape.headDim;
  const uint64_t pageSize = shape.layers * layerSize;
  View cache =
      denseView(shape.type, {batch.pages * pageSize}, std::vector<double>(batch.pages * pageSize, kNan));
  cache.first = shape.layer * layerSize;
  cache.shape = layerExtents;
  cache.strides = denseStrides(layerExtents);
  cache.shape.insert(cache.shape.begin(), batch.pages);
  cache.strides.insert(cache.strides.begin(), pageSize);
  for (const uint64_t slot : batch.pastSlots) {
    for (uint64_t i = 0; i < 2 * shape.kvHeads * shape.headDim; ++i) {
      const uint64_t element =
          cacheElement(cache, slot, i % 2 == 1, i / 2 / shape.headDim, i / 2 % shape.headDim);
      cache.array->values[element] = roundToType(shape.type, random.normal());
    }
  }
  call.arguments.push_back({"cache", cache, access});
}

View ropeTable(uint64_t positions, uint64_t headDim) {
  std::vector<double> values(positions * headDim);
  const uint64_t half = headDim / 2;
  for (uint64_t p = 0; p < positions; ++p) {
    for (uint64_t i = 0; i < half; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(headDim);
      const double angle = static_cast<double>(p) * std::pow(kRopeTheta, exponent);
      values[p * headDim + i] = std::cos(angle);
      values[p * headDim + half + i] = std::sin(angle);
    }
  }
  return denseView(CRIA_TYPE_F32, {positions, headDim}, std::move(values));
}

} // namespace cria::conformance

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KV caches in the layout of the cpu's kernels, read and written by scalar code, and batches of rows over
// them.
#pragma once

#include "format/KvCodec.h"
#include "tests/passes/targets/cpu/ScalarKernels.h"

#include <numeric>
#include <span>
#include <utility>

namespace cria::cpu::test {

constexpr int64_t kPage = KvLayout::kPageTokens;

enum class Part { keys, values };

/// Rows of several sequences, each with pages of its own in a shuffled order.
struct Batch {
  Batch(const std::vector<std::pair<int64_t, int64_t>> &firstAndCount, int64_t maxPages, Random &random)
      : maxPages(maxPages) {
    int64_t nextPage = 0;
    std::vector<int32_t> pool(64 * firstAndCount.size());
    std::iota(pool.begin(), pool.end(), 0);
    for (size_t i = pool.size() - 1; i > 0; --i) {
      std::swap(pool[i], pool[random.below(i + 1)]);
    }
    for (auto [first, count] : firstAndCount) {
      std::vector<int32_t> pages(maxPages, -1);
      for (int64_t p = 0; p < (first + count + kPage - 1) / kPage; ++p) {
        pages[p] = pool[nextPage++];
      }
      for (int64_t i = 0; i < count; ++i) {
        positions.push_back(first + i);
        sequences.push_back(table.size() / maxPages);
        slots.push_back(pages[(first + i) / kPage] * kPage + (first + i) % kPage);
      }
      table.insert(table.end(), pages.begin(), pages.end());
    }
    numPages = pool.size();
  }
  int64_t rows() const { return positions.size(); }
  int64_t maxPages, numPages = 0;
  std::vector<int32_t> positions, sequences, slots, table;
};

template <typename T> Buffer<T> toBuffer(const std::vector<T> &values) {
  Buffer<T> buffer(values.size());
  std::copy(values.begin(), values.end(), buffer.begin());
  return buffer;
}

/// The vectors in layer 0 of a cache, whose pages have the layout `kv`.
class ScalarCache {
public:
  ScalarCache(const KvLayout &kv, std::byte *data) : kv_(kv), data_(data) {}

  /// What a kernel binds as "cache.scales".
  uint16_t *scales() const {
    return reinterpret_cast<uint16_t *>(data_ + kv_.layerElementBytes(kv_.headElements()));
  }
  uint16_t &scale(Part part, int64_t head, int64_t slot) const {
    return scales()[slot / kPage * kv_.pageScales() + head * kv_.headScales() +
                    (part == Part::keys ? 0 : kPage) + slot % kPage];
  }
  /// Column d of a vector; slots are numbered over all pages.
  float load(Part part, int64_t head, int64_t slot, int64_t d) const {
    const int64_t at = place(part, head, slot, d);
    return kv_.hasScales() ? kvValueOf(static_cast<int8_t>(data_[at]), scale(part, head, slot))
                           : loadElement(data_, at, kv_.type);
  }
  void store(Part part, int64_t head, int64_t slot, std::span<const float> vector) const {
    if (kv_.hasScales()) {
      scale(part, head, slot) = kvScaleOf(vector);
    }
    for (int64_t d = 0; d < kv_.headDim; ++d) {
      const int64_t at = place(part, head, slot, d);
      if (kv_.hasScales()) {
        data_[at] = static_cast<std::byte>(kvCodeOf(vector[d], scale(part, head, slot)));
      } else {
        storeElement(data_, at, vector[d], kv_.type);
      }
    }
  }

private:
  int64_t place(Part part, int64_t head, int64_t slot, int64_t d) const {
    const int64_t start = slot / kPage * kv_.pageElements() + head * kv_.headElements();
    return part == Part::keys ? start + d * kPage + slot % kPage
                              : start + kPage * kv_.headDim + slot % kPage * kv_.headDim + d;
  }

  KvLayout kv_;
  std::byte *data_;
};

/// Layer 0 has random vectors; what the other layers have is not defined.
inline Buffer<std::byte> randomCache(const KvLayout &kv, int64_t numPages, Random &random) {
  Buffer<std::byte> cache(numPages * kv.pageBytes(), std::byte{0x3c});
  const ScalarCache vectors(kv, cache.data());
  std::vector<float> vector(kv.headDim);
  for (int64_t slot = 0; slot < numPages * kPage; ++slot) {
    for (int64_t head = 0; head < kv.kvHeads; ++head) {
      for (const Part part : {Part::keys, Part::values}) {
        std::ranges::generate(vector, [&] { return random.uniform(); });
        vectors.store(part, head, slot, vector);
      }
    }
  }
  return cache;
}

} // namespace cria::cpu::test

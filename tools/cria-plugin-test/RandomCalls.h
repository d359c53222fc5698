// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random operands and batches for conformance tests, equal for equal seeds. Gaps between rows hold NaN, so
// that accesses to them are detected.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "tools/cria-plugin-test/OpCall.h"

#include <random>

namespace cria::conformance {

class Random {
public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t between(uint64_t low, uint64_t high); // inclusive
  double normal();
  bool coin() { return between(0, 1) == 1; }
  std::mt19937_64 &engine() { return engine_; }

private:
  std::mt19937_64 engine_;
};

/// Returns a matrix of normally distributed values times `scale`, with a random row stride and offset.
View randomMatrix(Random &random, uint64_t rows, uint64_t columns, uint32_t type = CRIA_TYPE_F32,
                  double scale = 1);
View randomVector(Random &random, uint64_t size, double mean = 0);
/// Returns a matrix for a result, all NaN, with a random row stride and offset.
View resultMatrix(Random &random, uint64_t rows, uint64_t columns);

/// The size of a ragged batch of a step: sequences with cached positions, new rows, padding rows at the end.
struct BatchShape {
  uint64_t sequences = 1;
  uint64_t maxPast = 40; // positions already in the cache, per sequence
  uint64_t maxNew = 5;   // new rows, per sequence
  uint64_t paddingRows = 0;
  uint64_t pageTokens = 32;
  uint64_t sparePages = 2; // pages that belong to no sequence
};
struct Batch {
  uint64_t rows = 0;
  uint64_t pages = 0;       // in the pool
  uint64_t maxPosition = 0; // largest position of any row
  View positions, sequences, slots, sequenceStarts, blockTable;
  std::vector<uint64_t> pastSlots; // slots of keys and values from earlier steps
};
Batch randomBatch(Random &random, const BatchShape &shape);

struct CacheShape {
  uint64_t layers = 2;
  uint64_t layer = 1;
  uint64_t kvHeads = 2;
  uint64_t headDim = 16;
  uint64_t pageTokens = 32;
  uint32_t type = CRIA_TYPE_F16;
};
/// Adds the operand `cache`, one layer of all pages. Past slots of that layer hold random values; all other
/// elements, including those of other layers, are NaN.
void addCache(Random &random, const Batch &batch, const CacheShape &shape, uint32_t access, OpCall &call);

/// Returns a table [positions, head_dim] of the cosines, then the sines, of RoPE's angles (Su et al. 2021).
View ropeTable(uint64_t positions, uint64_t headDim);

} // namespace cria::conformance

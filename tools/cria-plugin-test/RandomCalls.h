// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random operands and batches for conformance tests, equal for equal seeds. Gaps between rows hold NaN, so
// reading or writing them shows.
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

/// Normal values times `scale`; rows may be wider apart than they are long and start after some elements.
View randomMatrix(Random &random, uint64_t rows, uint64_t columns, uint32_t type = CRIA_TYPE_F32,
                  double scale = 1);
View randomVector(Random &random, uint64_t size, double mean = 0);
/// A result in the same random arrangement, all NaN.
View resultMatrix(Random &random, uint64_t rows, uint64_t columns);

/// A ragged batch after the forward contract: sequences with a past, new rows, padding rows at the end.
struct BatchShape {
  uint64_t sequences = 1;
  uint64_t maxPast = 40; // positions already in the cache, per sequence
  uint64_t maxNew = 5;   // new rows, per sequence
  uint64_t paddingRows = 0;
  uint64_t pageTokens = 32;
  uint64_t sparePages = 2; // pages nobody uses
};
struct Batch {
  uint64_t rows = 0;
  uint64_t pages = 0;       // in the pool
  uint64_t maxPosition = 0; // largest position of any row
  View positions, sequences, slots, sequenceStarts, blockTable;
  std::vector<uint64_t> pastSlots; // hold keys and values from earlier steps
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
/// Adds the operand `cache`, one layer of all pages: past slots hold random values, all else, other layers
/// too, is NaN.
void addCache(Random &random, const Batch &batch, const CacheShape &shape, uint32_t access, OpCall &call);

/// [positions, head_dim]: cosines, then sines, of angles as RoPE has them.
View ropeTable(uint64_t positions, uint64_t headDim);

} // namespace cria::conformance

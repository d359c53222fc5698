// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the workgroups of attention kernels on rows of a batch.
#pragma once

#include "tests/passes/targets/cpu/KvCaches.h"

#include <map>
#include <numeric>

namespace cria::cpu::test {

/// The operands of attention. The output, the results of segments and, before each workgroup, scratch memory
/// are NaN.
class AttentionRun {
public:
  /// `rows`: of the batch; all if empty.
  AttentionRun(const AttentionSpec &spec, const Batch &batch, const float *query, std::byte *cache,
               std::vector<int32_t> rows = {})
      : rows_(rows.empty() ? allRows(batch) : std::move(rows)), query_(count() * widthOf(spec)),
        output_(count() * widthOf(spec), kNan),
        partial_(count() * spec.tiles() * spec.segments() * spec.resultSize(), kNan), positions_(count()),
        sequences_(count()), table_(toBuffer(batch.table)), step_(16, uint32_t(count())) {
    for (size_t i = 0; i < count(); ++i) {
      const float *from = query + rows_[i] * widthOf(spec);
      std::copy(from, from + widthOf(spec), query_.begin() + i * widthOf(spec));
      positions_[i] = batch.positions[rows_[i]];
      sequences_[i] = batch.sequences[rows_[i]];
    }
    operands_ = {{"query", query_.data()},
                 {"positions", positions_.data()},
                 {"sequences", sequences_.data()},
                 {"block_table", table_.data()},
                 {"cache", cache},
                 {"cache.scales", ScalarCache(spec.kv, cache).scales()},
                 {"partial", partial_.data()},
                 {"output", output_.data()},
                 {"step", step_.data()}};
  }

  /// Runs a kernel of the same shape as that of the constructor.
  void run(const KernelLibrary &library, const AttentionSpec &spec) {
    std::vector<void *> bindings;
    for (const std::string &name : spec.bindings()) {
      bindings.push_back(operands_.at(name));
    }
    const bool isSplit = spec.part == AttentionSpec::Part::segments;
    const auto blocks = int64_t(count() + spec.rowBlock() - 1) / spec.rowBlock();
    Buffer<float> scratch(spec.scratchBytes() / 4);
    for (int64_t z = 0; z < (isSplit ? blocks : 1); ++z) {
      for (int64_t y = 0; y < spec.tiles(); ++y) {
        for (int64_t x = 0; x < (isSplit ? spec.splits() : blocks); ++x) {
          std::fill(scratch.begin(), scratch.end(), kNan);
          library.kernel(spec.name())(bindings.data(), scratch.data(), x, y, z);
        }
      }
    }
    EXPECT_TRUE(output_.intact() && partial_.intact() && scratch.intact()) << spec.name();
  }

  std::vector<float> output() { return {output_.begin(), output_.end()}; }
  std::vector<float> partial() { return {partial_.begin(), partial_.end()}; }

private:
  static int64_t widthOf(const AttentionSpec &spec) { return spec.heads * spec.kv.headDim; }
  static std::vector<int32_t> allRows(const Batch &batch) {
    std::vector<int32_t> rows(batch.rows());
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  size_t count() const { return rows_.size(); }

  std::vector<int32_t> rows_;
  Buffer<float> query_, output_, partial_;
  Buffer<int32_t> positions_, sequences_, table_;
  Buffer<uint32_t> step_;
  std::map<std::string, void *> operands_;
};

inline std::vector<float> runAttention(const KernelLibrary &library, const AttentionSpec &spec,
                                       const Batch &batch, const float *query, std::byte *cache,
                                       std::vector<int32_t> rows = {}) {
  AttentionRun run(spec, batch, query, cache, std::move(rows));
  run.run(library, spec);
  return run.output();
}

} // namespace cria::cpu::test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parallel loop over blocks of rows, and the packing of a block.
#include "passes/codegen/WeightFile.h"

#include "format/Safetensors.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace cria {

namespace {
// Large enough to make the cost of system calls negligible, small enough for the caches.
constexpr uint64_t kBlockBytes = uint64_t(4) << 20;

/// Rows [first, first + count) of one weight. Except for the last block of a weight, `count` is a multiple of
/// the rows per block of the layout.
struct Block {
  size_t weight;
  int64_t first, count;
};

std::vector<Block> divide(const std::vector<WeightToWrite> &weights) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < weights.size(); ++i) {
    const PhysicalLayout &layout = weights[i].layout;
    int64_t unit = layout.rowsPerBlock();
    int64_t unitBytes = std::max<int64_t>(1, unit * layout.columns * int64_t(sizeOf(weights[i].type)));
    int64_t step = std::max<int64_t>(1, int64_t(kBlockBytes) / unitBytes) * unit;
    for (int64_t first = 0; first < layout.rows; first += step) {
      blocks.push_back({i, first, std::min(step, layout.rows - first)});
    }
  }
  return blocks;
}

/// Scatters rows to their places in the layout, relative to the first element of the block.
template <typename Word>
void scatter(const PhysicalLayout &layout, int64_t count, const std::byte *rows, std::byte *packed) {
  const auto *source = reinterpret_cast<const Word *>(rows);
  auto *target = reinterpret_cast<Word *>(packed);
  int64_t stride = layout.columnStride();
  for (int64_t row = 0; row < count; ++row) {
    Word *start = target + layout.offsetOf(row, 0);
    for (int64_t column = 0; column < layout.columns; ++column) {
      start[column * stride] = source[row * layout.columns + column];
    }
  }
}

class WeightFile {
public:
  WeightFile(const std::vector<WeightToWrite> &weights, const WeightFileOptions &options,
             SafetensorsWriter &writer)
      : weights_(weights), options_(options), writer_(writer), blocks_(divide(weights)) {}

  Status run() {
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.numThreads; ++i) {
      threads.emplace_back([this] { work(); });
    }
    work();
    for (std::thread &thread : threads) {
      thread.join();
    }
    return status_;
  }

private:
  void work() {
    for (size_t i = next_++; i < blocks_.size() && !failed_; i = next_++) {
      Status status = options_.cancelled && *options_.cancelled ? Status(StatusCode::cancelled, "cancelled")
                                                                : writeBlock(blocks_[i]);
      if (!status.ok()) {
        std::lock_guard lock(mutex_);
        status_ = failed_ ? status_ : status;
        failed_ = true;
      }
    }
  }

  Status writeBlock(const Block &block) {
    const WeightToWrite &weight = weights_[block.weight];
    const PhysicalLayout &layout = weight.layout;
    uint64_t elementBytes = sizeOf(weight.type);
    std::vector<std::byte> rows(uint64_t(block.count * layout.columns) * elementBytes);
    CRIA_RETURN_IF_ERROR(weight.rows->read(block.first, block.count, rows.data()));
    uint64_t offset = uint64_t(layout.offsetOf(block.first, 0)) * elementBytes;
    if (layout.kind == PhysicalLayout::Kind::rowMajor) {
      return write(block.weight, offset, rows);
    }
    int64_t unit = layout.rowsPerBlock(), storedRows = (block.count + unit - 1) / unit * unit;
    std::vector<std::byte> packed(uint64_t(storedRows * layout.paddedColumns()) * elementBytes);
    if (elementBytes == 2) {
      scatter<uint16_t>(layout, block.count, rows.data(), packed.data());
    } else {
      scatter<uint32_t>(layout, block.count, rows.data(), packed.data());
    }
    return write(block.weight, offset, packed);
  }

  Status write(size_t weight, uint64_t offset, const std::vector<std::byte> &bytes) {
    CRIA_RETURN_IF_ERROR(writer_.write(weight, offset, bytes));
    if (options_.progress) {
      std::lock_guard lock(mutex_);
      options_.progress(bytes.size());
    }
    return {};
  }

  const std::vector<WeightToWrite> &weights_;
  const WeightFileOptions &options_;
  SafetensorsWriter &writer_;
  std::vector<Block> blocks_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status status_;
};
} // namespace

Status writeWeightFile(const std::string &path, const std::vector<WeightToWrite> &weights,
                       const WeightFileOptions &options) {
  std::vector<SafetensorsDeclaration> tensors;
  for (const WeightToWrite &weight : weights) {
    tensors.push_back({weight.name, weight.type, physicalShape(weight.layout.kind, weight.shape)});
  }
  CRIA_ASSIGN_OR_RETURN(auto writer, SafetensorsWriter::create(path, std::move(tensors)));
  CRIA_RETURN_IF_ERROR(WeightFile(weights, options, *writer).run());
  return writer->finish();
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parallel loop over blocks of rows, and the packing of a block into the arrays of its weight.
#include "passes/codegen/WeightFile.h"

#include "format/Safetensors.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <thread>

namespace cria {

namespace {
/// Most of a block is whole multiples of 2 MiB of the file, which the page cache can hold in large pages.
constexpr uint64_t kBlockBytes = uint64_t(16) << 20;

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
    int64_t unitBytes = unit * int64_t(rowBytes(traitsOf(weights[i].format), layout.columns));
    int64_t step = std::max<int64_t>(1, int64_t(kBlockBytes) / unitBytes) * unit;
    for (int64_t first = 0; first < layout.rows; first += step) {
      blocks.push_back({i, first, std::min(step, layout.rows - first)});
    }
  }
  return blocks;
}

/// A plane of encoded rows.
struct PlaneRows {
  const std::byte *first; // of the first row
  uint64_t rowBytes;      // from row to row
};

/// Copies elements of a plane to their places in the array, relative to the first element of the block.
template <typename Word>
void scatter(const WeightArray &array, int64_t count, const PlaneRows &rows, std::byte *packed) {
  int64_t stride = array.placement.columnStride();
  for (int64_t row = 0; row < count; ++row) {
    const std::byte *source = rows.first + uint64_t(row) * rows.rowBytes;
    std::byte *target = packed + uint64_t(array.placement.offsetOf(row, 0)) * sizeof(Word);
    for (int64_t i = 0; i < array.rowElements; ++i) {
      std::memcpy(target + uint64_t(i * stride) * sizeof(Word), source + uint64_t(i) * sizeof(Word),
                  sizeof(Word));
    }
  }
}

void scatterElements(const WeightArray &array, int64_t count, const PlaneRows &rows, std::byte *packed) {
  switch (sizeOf(array.type)) {
  case 1:
    return scatter<uint8_t>(array, count, rows, packed);
  case 2:
    return scatter<uint16_t>(array, count, rows, packed);
  case 4:
    return scatter<uint32_t>(array, count, rows, packed);
  case 8:
    return scatter<uint64_t>(array, count, rows, packed);
  default:
    llvm_unreachable("not the size of an element");
  }
}

/// The arrays of a file by weight, in the order of its tensors.
using ArraysByWeight = std::vector<std::vector<WeightArray>>;

ArraysByWeight arraysOfAll(const std::vector<WeightToWrite> &weights) {
  ArraysByWeight arrays;
  for (const WeightToWrite &weight : weights) {
    arrays.push_back(arraysOf(weight.format, weight.layout.kind, weight.shape));
  }
  return arrays;
}

class WeightFile {
public:
  WeightFile(const std::vector<WeightToWrite> &weights, const ArraysByWeight &arrays,
             const WeightFileOptions &options, SafetensorsWriter &writer)
      : weights_(weights), arrays_(arrays), options_(options), writer_(writer), blocks_(divide(weights)) {
    for (size_t tensor = 0; const std::vector<WeightArray> &arrays : arrays_) {
      firstTensors_.push_back(tensor);
      tensor += arrays.size();
    }
  }

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
    const uint64_t bytes = rowBytes(traitsOf(weight.format), weight.layout.columns);
    std::vector<std::byte> rows(uint64_t(block.count) * bytes);
    CRIA_RETURN_IF_ERROR(weight.rows->read(block.first, block.count, rows.data()));
    if (!isDense(weight.format) && weight.layout.kind == PhysicalLayout::Kind::panel16) {
      return writePanels(block, rows);
    }
    uint64_t inRow = 0;
    for (size_t i = 0; i < arrays_[block.weight].size(); ++i) {
      CRIA_RETURN_IF_ERROR(writePlane(block, i, {rows.data() + inRow, bytes}));
      inRow += uint64_t(arrays_[block.weight][i].rowElements) * sizeOf(arrays_[block.weight][i].type);
    }
    return {};
  }

  Status writePanels(const Block &block, std::span<const std::byte> rows) {
    const WeightToWrite &weight = weights_[block.weight];
    const WeightFormatTraits &format = traitsOf(weight.format);
    const auto panelBytes = uint64_t(panelBlocks(format, weight.layout.columns).bytes());
    const uint64_t inputBytes = PanelBlocks::kRows * rowBytes(format, weight.layout.columns);
    std::vector<std::byte> panels((rows.size() + inputBytes - 1) / inputBytes * panelBytes);
    for (uint64_t i = 0; i * inputBytes < rows.size(); ++i) {
      const std::span<const std::byte> left = rows.subspan(i * inputBytes);
      packPanel(format, weight.layout.columns, left.first(std::min<uint64_t>(left.size(), inputBytes)),
                std::span(panels).subspan(i * panelBytes, panelBytes));
    }
    return write(firstTensors_[block.weight], uint64_t(block.first / PanelBlocks::kRows) * panelBytes,
                 panels);
  }

  Status writePlane(const Block &block, size_t index, const PlaneRows &rows) {
    const WeightArray &array = arrays_[block.weight][index];
    uint64_t elementBytes = sizeOf(array.type);
    int64_t unit = array.placement.rowsPerBlock(), storedRows = (block.count + unit - 1) / unit * unit;
    uint64_t size = uint64_t(storedRows * array.placement.paddedColumns()) * elementBytes;
    uint64_t offset = uint64_t(array.placement.offsetOf(block.first, 0)) * elementBytes;
    size_t tensor = firstTensors_[block.weight] + index;
    if (array.placement.kind == PhysicalLayout::Kind::rowMajor &&
        size == uint64_t(block.count) * rows.rowBytes) {
      return write(tensor, offset, {rows.first, size}); // the rows as they are
    }
    std::vector<std::byte> packed(size);
    scatterElements(array, block.count, rows, packed.data());
    return write(tensor, offset, packed);
  }

  Status write(size_t tensor, uint64_t offset, std::span<const std::byte> bytes) {
    CRIA_RETURN_IF_ERROR(writer_.write(tensor, offset, bytes));
    if (options_.progress) {
      std::lock_guard lock(mutex_);
      options_.progress(bytes.size());
    }
    return {};
  }

  const std::vector<WeightToWrite> &weights_;
  const ArraysByWeight &arrays_;
  const WeightFileOptions &options_;
  SafetensorsWriter &writer_;
  std::vector<size_t> firstTensors_; // by weight
  std::vector<Block> blocks_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  Status status_;
};
} // namespace

Status writeWeightFile(const std::string &path, const std::vector<WeightToWrite> &weights,
                       const WeightFileOptions &options) {
  const ArraysByWeight arrays = arraysOfAll(weights);
  std::vector<SafetensorsDeclaration> tensors;
  for (size_t i = 0; i < weights.size(); ++i) {
    for (const WeightArray &array : arrays[i]) {
      tensors.push_back({arrayName(weights[i].name, array.suffix), array.type, array.shape});
    }
  }
  CRIA_ASSIGN_OR_RETURN(auto writer, SafetensorsWriter::create(path, tensors));
  CRIA_RETURN_IF_ERROR(WeightFile(weights, arrays, options, *writer).run());
  return writer->finish();
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One class for each source and operation of recipes. Sources encode their rows when they read them;
// operations only select rows.
#include "passes/codegen/WeightRecipes.h"

#include "format/RandomRow.h"
#include "format/RandomWeights.h"
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "ir/LlamaTypes.h"
#include "passes/codegen/RopeTable.h"

#include "llvm/ADT/TypeSwitch.h"

namespace cria {

namespace {
using RowsPtr = std::unique_ptr<WeightRows>;

class CheckpointRows : public WeightRows {
public:
  CheckpointRows(const CheckpointSources &sources, std::string name, const TensorInfo &info,
                 WeightFormat format)
      : WeightRows(info.shape.size() == 2 ? info.shape[0] : 1, info.shape.back()), tensors_(sources.tensors),
        errorWeights_(findErrorWeights(sources.errorWeights, name)), name_(std::move(name)), info_(info),
        format_(format), sourceBytes_(rowBytes(traitsOf(*info.format), columns())),
        targetBytes_(rowBytes(traitsOf(format), columns())) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    if (info_.format == format_) {
      CRIA_RETURN_IF_ERROR(tensors_.readRows(name_, first, count, {target, uint64_t(count) * sourceBytes_}));
      return checkFinite(first, count, target);
    }
    std::vector<std::byte> bytes(uint64_t(count) * sourceBytes_);
    CRIA_RETURN_IF_ERROR(tensors_.readRows(name_, first, count, bytes));
    CRIA_RETURN_IF_ERROR(checkFinite(first, count, bytes.data()));
    std::vector<float> values(static_cast<size_t>(columns()));
    for (int64_t row = 0; row < count; ++row, target += targetBytes_) {
      decodeRow(traitsOf(*info_.format), bytes.data() + uint64_t(row) * sourceBytes_, values);
      if (auto overflow = encodeRow(traitsOf(format_), values, target, errorWeights_)) {
        return overflowError(first + row, *overflow, values[*overflow]);
      }
    }
    return {};
  }

private:
  static std::span<const float> findErrorWeights(const VectorsByName &weights, std::string_view name) {
    const auto found = weights.find(name);
    return found == weights.end() ? std::span<const float>() : found->second;
  }

  Status checkFinite(int64_t first, int64_t count, const std::byte *rows) const {
    for (int64_t row = 0; row < count; ++row, rows += sourceBytes_) {
      if (auto column = findNonFinite(traitsOf(*info_.format), rows, size_t(columns()))) {
        std::vector<float> values(static_cast<size_t>(columns()));
        decodeRow(traitsOf(*info_.format), rows, values);
        return invalidArgument(
            "{}: tensor '{}': expected finite weights, got {} in row {}, column {}; the "
            "checkpoint is damaged or was trained with an overflow: download or convert it "
            "again",
            info_.file, name_, values[*column], first + row, *column);
      }
    }
    return {};
  }

  Status overflowError(int64_t row, size_t column, float value) const {
    return invalidArgument(
        "{}: tensor '{}': {} in row {}, column {} does not fit {}; compile with --weights {}", info_.file,
        name_, value, row, column, nameOf(format_), nameOf(*info_.format));
  }

  const TensorReader &tensors_;
  std::span<const float> errorWeights_; // of the columns
  std::string name_;
  const TensorInfo &info_;
  WeightFormat format_;
  uint64_t sourceBytes_, targetBytes_; // of a row
};

/// Sources whose values are computed in f32, row by row.
class ComputedRows : public WeightRows {
public:
  Status read(int64_t first, int64_t count, std::byte *target) const override {
    std::vector<float> row(static_cast<size_t>(columns()));
    for (int64_t i = 0; i < count; ++i, target += rowBytes_) {
      compute(first + i, row.data());
      encodeRow(traitsOf(format_), row, target);
    }
    return {};
  }

protected:
  ComputedRows(int64_t rows, int64_t columns, WeightFormat format)
      : WeightRows(rows, columns), format_(format), rowBytes_(rowBytes(traitsOf(format), columns)) {}
  virtual void compute(int64_t row, float *values) const = 0;
  WeightFormat format() const { return format_; }

private:
  WeightFormat format_;
  uint64_t rowBytes_;
};

class RandomRows : public ComputedRows {
public:
  RandomRows(llama::RandomAttr random, WeightFormat format)
      : ComputedRows(random.getRows(), random.getColumns(), format),
        key_(randomTensorKey(uint32_t(random.getSeed()), randomTensorId(random.getTensor()))) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    if (isDense(format())) {
      return ComputedRows::read(first, count, target);
    }
    for (int64_t i = 0; i < count; ++i, target += rowBytes(traitsOf(format()), columns())) {
      encodeRandomRow(traitsOf(format()), randomRowKey(key_, uint32_t(first + i)), columns(), target);
    }
    return {};
  }

protected:
  void compute(int64_t row, float *values) const override {
    uint32_t rowKey = randomRowKey(key_, uint32_t(row));
    float scale = randomScale(uint64_t(columns()));
    for (int64_t column = 0; column < columns(); ++column) {
      values[column] = float(randomByte(rowKey, uint32_t(column))) * scale;
    }
  }

private:
  uint32_t key_;
};

class OneRows : public ComputedRows {
public:
  OneRows(llama::OnesAttr ones, WeightFormat format) : ComputedRows(1, ones.getSize(), format) {}

protected:
  void compute(int64_t, float *values) const override { std::fill_n(values, columns(), 1.0f); }
};

class RopeTableRows : public ComputedRows {
public:
  RopeTableRows(llama::RopeTableAttr table, WeightFormat format)
      : ComputedRows(table.getContextLength(), table.getHeadDim(), format),
        frequencies_(inverseFrequencies(table.getTheta().getValueAsDouble(), table.getHeadDim(),
                                        llama::scalingOf(table.getScaling()))),
        magnitude_(ropeMagnitude(llama::scalingOf(table.getScaling()))) {}

protected:
  void compute(int64_t row, float *values) const override {
    fillRopeRow(frequencies_, magnitude_, row, values);
  }

private:
  std::vector<float> frequencies_;
  float magnitude_;
};

class ConcatRows : public WeightRows {
public:
  ConcatRows(std::vector<RowsPtr> inputs, int64_t rows, uint64_t rowBytes)
      : WeightRows(rows, inputs.front()->columns()), inputs_(std::move(inputs)), rowBytes_(rowBytes) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    for (const RowsPtr &input : inputs_) {
      int64_t now = std::clamp<int64_t>(input->rows() - first, 0, count);
      if (now > 0) {
        CRIA_RETURN_IF_ERROR(input->read(first, now, target));
        target += uint64_t(now) * rowBytes_;
        count -= now;
      }
      first = std::max<int64_t>(first - input->rows(), 0);
    }
    return {};
  }

private:
  std::vector<RowsPtr> inputs_;
  uint64_t rowBytes_;
};

class InterleaveRows : public WeightRows {
public:
  InterleaveRows(std::vector<RowsPtr> inputs, int64_t block, int64_t rows, uint64_t rowBytes)
      : WeightRows(rows, inputs.front()->columns()), inputs_(std::move(inputs)), block_(block),
        rowBytes_(rowBytes) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    int64_t turn = block_ * int64_t(inputs_.size());
    for (int64_t row = first, end = first + count; row < end;) {
      const WeightRows &input = *inputs_[size_t(row % turn / block_)];
      int64_t inputRow = row / turn * block_ + row % block_;
      int64_t run = std::min(block_ - row % block_, end - row);
      int64_t real = std::clamp<int64_t>(input.rows() - inputRow, 0, run);
      if (real > 0) {
        CRIA_RETURN_IF_ERROR(input.read(inputRow, real, target));
      }
      std::fill_n(target + uint64_t(real) * rowBytes_, uint64_t(run - real) * rowBytes_, std::byte(0));
      target += uint64_t(run) * rowBytes_;
      row += run;
    }
    return {};
  }

private:
  std::vector<RowsPtr> inputs_;
  int64_t block_;
  uint64_t rowBytes_;
};

class PermuteRopeRows : public WeightRows {
public:
  PermuteRopeRows(RowsPtr input, int64_t heads, uint64_t rowBytes)
      : WeightRows(input->rows(), input->columns()), input_(std::move(input)), headDim_(rows() / heads),
        rowBytes_(rowBytes) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    for (int64_t row = first; row < first + count; ++row, target += rowBytes_) {
      int64_t inHead = row % headDim_, half = headDim_ / 2;
      int64_t source = inHead < half ? 2 * inHead : 2 * (inHead - half) + 1;
      CRIA_RETURN_IF_ERROR(input_->read(row - inHead + source, 1, target));
    }
    return {};
  }

private:
  RowsPtr input_;
  int64_t headDim_;
  uint64_t rowBytes_;
};

StatusOr<RowsPtr> planCheckpoint(llama::CheckpointAttr recipe, WeightFormat format,
                                 const CheckpointSources &sources) {
  std::string name = recipe.getTensor().str();
  const TensorInfo *info = sources.tensors.find(name);
  if (info == nullptr) {
    return error(StatusCode::notFound, "tensor '{}' is not in the checkpoint", name);
  }
  if (llvm::ArrayRef(info->shape) != recipe.getShape() || recipe.getFormat() != info->format) {
    return invalidArgument("{}: tensor '{}': expected the shape and format of its recipe, got [{}] and {}",
                           info->file, name, fmt::join(info->shape, ", "), info->typeName);
  }
  return RowsPtr(std::make_unique<CheckpointRows>(sources, std::move(name), *info, format));
}

StatusOr<std::vector<RowsPtr>> planAll(llvm::ArrayRef<mlir::Attribute> recipes, WeightFormat format,
                                       const CheckpointRowsFactory &sources) {
  std::vector<RowsPtr> result;
  for (mlir::Attribute recipe : recipes) {
    CRIA_ASSIGN_OR_RETURN(RowsPtr rows, planWeightRows(recipe, format, sources));
    result.push_back(std::move(rows));
  }
  return result;
}

StatusOr<RowsPtr> planConcat(llama::ConcatAttr recipe, WeightFormat format,
                             const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(std::vector<RowsPtr> inputs, planAll(recipe.getInputs(), format, sources));
  int64_t rows = 0;
  for (const RowsPtr &input : inputs) {
    rows += input->rows();
  }
  uint64_t bytes = rowBytes(traitsOf(format), inputs.front()->columns());
  return RowsPtr(std::make_unique<ConcatRows>(std::move(inputs), rows, bytes));
}

StatusOr<RowsPtr> planInterleave(llama::InterleaveAttr recipe, WeightFormat format,
                                 const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(std::vector<RowsPtr> inputs, planAll(recipe.getInputs(), format, sources));
  int64_t block = recipe.getBlock();
  int64_t rows = (inputs.front()->rows() + block - 1) / block * block * int64_t(inputs.size());
  uint64_t bytes = rowBytes(traitsOf(format), inputs.front()->columns());
  return RowsPtr(std::make_unique<InterleaveRows>(std::move(inputs), block, rows, bytes));
}

StatusOr<RowsPtr> planPermute(llama::PermuteRopeAttr recipe, WeightFormat format,
                              const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(RowsPtr input, planWeightRows(recipe.getInput(), format, sources));
  uint64_t bytes = rowBytes(traitsOf(format), input->columns());
  return RowsPtr(std::make_unique<PermuteRopeRows>(std::move(input), recipe.getHeads(), bytes));
}
} // namespace

StatusOr<RowsPtr> planWeightRows(mlir::Attribute recipe, WeightFormat format,
                                 const CheckpointRowsFactory &sources) {
  using Result = StatusOr<RowsPtr>;
  return llvm::TypeSwitch<mlir::Attribute, Result>(recipe)
      .Case([&](llama::CheckpointAttr a) { return sources(a, format); })
      .Case([&](llama::ConcatAttr a) { return planConcat(a, format, sources); })
      .Case([&](llama::InterleaveAttr a) { return planInterleave(a, format, sources); })
      .Case([&](llama::PermuteRopeAttr a) { return planPermute(a, format, sources); })
      .Case([&](llama::RandomAttr a) { return Result(std::make_unique<RandomRows>(a, format)); })
      .Case([&](llama::OnesAttr a) { return Result(std::make_unique<OneRows>(a, format)); })
      .Case([&](llama::RopeTableAttr a) { return Result(std::make_unique<RopeTableRows>(a, format)); })
      .Default([](mlir::Attribute) { return Result(error(StatusCode::internal, "unknown kind of recipe")); });
}

StatusOr<RowsPtr> planWeightRows(mlir::Attribute recipe, WeightFormat format,
                                 const CheckpointSources &sources) {
  return planWeightRows(recipe, format, [&](llama::CheckpointAttr checkpoint, WeightFormat rowFormat) {
    return planCheckpoint(checkpoint, rowFormat, sources);
  });
}

StatusOr<RowsPtr> planWeightRows(mlir::Attribute recipe, WeightFormat format, const TensorReader &tensors) {
  static const VectorsByName kNone;
  return planWeightRows(recipe, format, CheckpointSources{tensors, kNone});
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One class for each source and operation of recipes. Sources convert values to the element type of the
// result when they read them; operations only select rows.
#include "passes/codegen/WeightRecipes.h"

#include "format/RandomWeights.h"
#include "ir/ElementTypes.h"
#include "ir/LlamaTypes.h"
#include "passes/codegen/ElementConversion.h"
#include "passes/codegen/RopeTable.h"

#include "llvm/ADT/TypeSwitch.h"

namespace cria {

namespace {
using RowsPtr = std::unique_ptr<WeightRows>;

class CheckpointRows : public WeightRows {
public:
  CheckpointRows(const TensorReader &tensors, std::string name, const TensorInfo &info, ElementType type)
      : WeightRows(info.shape.size() == 2 ? info.shape[0] : 1, info.shape.back()), tensors_(tensors),
        name_(std::move(name)), info_(info), type_(type) {}

  Status read(int64_t first, int64_t count, std::byte *target) const override {
    size_t numElements = size_t(count * columns());
    if (info_.type == type_) {
      return tensors_.readRows(name_, first, count, {target, numElements * sizeOf(type_)});
    }
    std::vector<std::byte> bytes(numElements * sizeOf(info_.type));
    CRIA_RETURN_IF_ERROR(tensors_.readRows(name_, first, count, bytes));
    auto overflow = convertElements(info_.type, bytes.data(), type_, target, numElements);
    return overflow ? overflowError(first, *overflow, bytes) : Status();
  }

private:
  Status overflowError(int64_t first, size_t index, const std::vector<std::byte> &bytes) const {
    float value = 0;
    convertElements(info_.type, bytes.data() + index * sizeOf(info_.type), ElementType::f32,
                    reinterpret_cast<std::byte *>(&value), 1);
    return invalidArgument(
        "{}: tensor '{}': {} in row {}, column {} does not fit {}; compile with --weights {}", info_.file,
        name_, value, first + int64_t(index) / columns(), int64_t(index) % columns(), nameOf(type_),
        nameOf(info_.type));
  }

  const TensorReader &tensors_;
  std::string name_;
  const TensorInfo &info_;
  ElementType type_;
};

/// Sources whose values are computed in f32, row by row.
class ComputedRows : public WeightRows {
public:
  Status read(int64_t first, int64_t count, std::byte *target) const override {
    std::vector<float> row(static_cast<size_t>(columns()));
    for (int64_t i = 0; i < count; ++i) {
      compute(first + i, row.data());
      auto *values = reinterpret_cast<const std::byte *>(row.data());
      convertElements(ElementType::f32, values, type_, target, row.size());
      target += row.size() * sizeOf(type_);
    }
    return {};
  }

protected:
  ComputedRows(int64_t rows, int64_t columns, ElementType type) : WeightRows(rows, columns), type_(type) {}
  virtual void compute(int64_t row, float *values) const = 0;

private:
  ElementType type_;
};

class RandomRows : public ComputedRows {
public:
  RandomRows(llama::RandomAttr random, ElementType type)
      : ComputedRows(random.getRows(), random.getColumns(), type),
        key_(randomTensorKey(uint32_t(random.getSeed()), randomTensorId(random.getTensor()))) {}

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
  OneRows(llama::OnesAttr ones, ElementType type) : ComputedRows(1, ones.getSize(), type) {}

protected:
  void compute(int64_t, float *values) const override { std::fill_n(values, columns(), 1.0f); }
};

class RopeTableRows : public ComputedRows {
public:
  RopeTableRows(llama::RopeTableAttr table, ElementType type)
      : ComputedRows(table.getContextLength(), table.getHeadDim(), type),
        frequencies_(inverseFrequencies(table.getTheta().getValueAsDouble(), table.getHeadDim(),
                                        scalingOf(table.getScaling()))) {}

protected:
  void compute(int64_t row, float *values) const override { fillRopeRow(frequencies_, row, values); }

private:
  static std::optional<RopeTableScaling> scalingOf(mlir::Attribute scaling) {
    if (auto linear = mlir::dyn_cast_or_null<llama::LinearScalingAttr>(scaling)) {
      return RopeTableScaling{.factor = linear.getFactor().getValueAsDouble()};
    }
    if (auto llama3 = mlir::dyn_cast_or_null<llama::Llama3ScalingAttr>(scaling)) {
      return RopeTableScaling{.isLlama3 = true,
                              .factor = llama3.getFactor().getValueAsDouble(),
                              .lowFreqFactor = llama3.getLowFreqFactor().getValueAsDouble(),
                              .highFreqFactor = llama3.getHighFreqFactor().getValueAsDouble(),
                              .originalContext = llama3.getOriginalContext()};
    }
    return std::nullopt;
  }

  std::vector<float> frequencies_;
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

StatusOr<RowsPtr> planCheckpoint(llama::CheckpointAttr recipe, ElementType type,
                                 const TensorReader &tensors) {
  std::string name = recipe.getTensor().str();
  const TensorInfo *info = tensors.find(name);
  if (info == nullptr) {
    return error(StatusCode::notFound, "tensor '{}' is not in the checkpoint", name);
  }
  if (llvm::ArrayRef(info->shape) != recipe.getShape() ||
      findElementType(recipe.getElementType()) != info->type) {
    return invalidArgument("{}: tensor '{}': expected the shape and type of its recipe, got [{}] and {}",
                           info->file, name, fmt::join(info->shape, ", "), nameOf(info->type));
  }
  return RowsPtr(std::make_unique<CheckpointRows>(tensors, std::move(name), *info, type));
}

StatusOr<std::vector<RowsPtr>> planAll(llvm::ArrayRef<mlir::Attribute> recipes, ElementType type,
                                       const CheckpointRowsFactory &sources) {
  std::vector<RowsPtr> result;
  for (mlir::Attribute recipe : recipes) {
    CRIA_ASSIGN_OR_RETURN(RowsPtr rows, planWeightRows(recipe, type, sources));
    result.push_back(std::move(rows));
  }
  return result;
}

StatusOr<RowsPtr> planConcat(llama::ConcatAttr recipe, ElementType type,
                             const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(std::vector<RowsPtr> inputs, planAll(recipe.getInputs(), type, sources));
  int64_t rows = 0;
  for (const RowsPtr &input : inputs) {
    rows += input->rows();
  }
  uint64_t rowBytes = uint64_t(inputs.front()->columns()) * sizeOf(type);
  return RowsPtr(std::make_unique<ConcatRows>(std::move(inputs), rows, rowBytes));
}

StatusOr<RowsPtr> planInterleave(llama::InterleaveAttr recipe, ElementType type,
                                 const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(std::vector<RowsPtr> inputs, planAll(recipe.getInputs(), type, sources));
  int64_t block = recipe.getBlock();
  int64_t rows = (inputs.front()->rows() + block - 1) / block * block * int64_t(inputs.size());
  uint64_t rowBytes = uint64_t(inputs.front()->columns()) * sizeOf(type);
  return RowsPtr(std::make_unique<InterleaveRows>(std::move(inputs), block, rows, rowBytes));
}

StatusOr<RowsPtr> planPermute(llama::PermuteRopeAttr recipe, ElementType type,
                              const CheckpointRowsFactory &sources) {
  CRIA_ASSIGN_OR_RETURN(RowsPtr input, planWeightRows(recipe.getInput(), type, sources));
  uint64_t rowBytes = uint64_t(input->columns()) * sizeOf(type);
  return RowsPtr(std::make_unique<PermuteRopeRows>(std::move(input), recipe.getHeads(), rowBytes));
}
} // namespace

StatusOr<RowsPtr> planWeightRows(mlir::Attribute recipe, ElementType type,
                                 const CheckpointRowsFactory &sources) {
  using Result = StatusOr<RowsPtr>;
  return llvm::TypeSwitch<mlir::Attribute, Result>(recipe)
      .Case([&](llama::CheckpointAttr a) { return sources(a, type); })
      .Case([&](llama::ConcatAttr a) { return planConcat(a, type, sources); })
      .Case([&](llama::InterleaveAttr a) { return planInterleave(a, type, sources); })
      .Case([&](llama::PermuteRopeAttr a) { return planPermute(a, type, sources); })
      .Case([&](llama::RandomAttr a) { return Result(std::make_unique<RandomRows>(a, type)); })
      .Case([&](llama::OnesAttr a) { return Result(std::make_unique<OneRows>(a, type)); })
      .Case([&](llama::RopeTableAttr a) { return Result(std::make_unique<RopeTableRows>(a, type)); })
      .Default([](mlir::Attribute) { return Result(error(StatusCode::internal, "unknown kind of recipe")); });
}

StatusOr<RowsPtr> planWeightRows(mlir::Attribute recipe, ElementType type, const TensorReader &tensors) {
  return planWeightRows(recipe, type, [&](llama::CheckpointAttr checkpoint, ElementType rowType) {
    return planCheckpoint(checkpoint, rowType, tensors);
  });
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "format/OpsetVerifier.h"

#include "format/ActivationClass.h"
#include "format/KvType.h"
#include "format/WeightFormat.h"

#include "support/Json.h"

#include <algorithm>

namespace cria {

namespace {
bool isConstant(const Extent &extent, uint64_t value) {
  return extent.kind == ExtentKind::constant && extent.value == value;
}

const ProgramBinding *find(const ProgramDispatch &dispatch, std::string_view name) {
  auto found = std::find_if(dispatch.bindings.begin(), dispatch.bindings.end(),
                            [&](const ProgramBinding &binding) { return binding.name == name; });
  return found == dispatch.bindings.end() ? nullptr : &*found;
}

bool has(const ProgramDispatch &dispatch, std::string_view name) { return find(dispatch, name) != nullptr; }

/// Returns whether the first dimension is the number of rows of the step: T, or a constant in an entry point
/// for that T only.
bool isRows(const Extent &extent, ExtentKind rows, const ProgramEntry &entry) {
  bool isFixed = rows == ExtentKind::tokens && entry.minTokens == entry.maxTokens;
  return extent == Extent{.kind = rows} || (isFixed && isConstant(extent, entry.maxTokens));
}

Status verifyStepOperand(const Program &program, const ProgramEntry &entry, const StepFieldRule &rule,
                         const ProgramBinding &binding) {
  uint64_t columns = program.limits.maxPagesPerSequence;
  bool isField = binding.buffer.space == BufferSpace::step && binding.type == ElementType::i32 &&
                 binding.offset == program.step[rule.kind].offset;
  bool isWhole =
      binding.shape.size() == rankOf(rule) && isRows(binding.shape[0], rule.rows, entry) &&
      binding.strides.back() == 1 &&
      (!rule.hasPageColumns || (isConstant(binding.shape[1], columns) && binding.strides[0] == columns));
  return isField && isWhole ? Status()
                            : invalidArgument("expected the entire field '{}' of the step", rule.name);
}

constexpr std::string_view kCache = "cache", kCacheScales = "cache.scales";
constexpr size_t kCacheRank = 5;

/// Whether the binding is one layer of all pages. verifyEntry() has checked that the last element lies inside
/// a page.
bool isLayer(const KvFormat &kv, const ProgramBinding &binding, ElementType type, size_t rank) {
  constexpr size_t kTokens = 3;
  return binding.buffer.space == BufferSpace::kv && binding.type == type && binding.shape.size() == rank &&
         binding.shape[0].kind == ExtentKind::pages && binding.strides[0] == kv.pageBytes / sizeOf(type) &&
         isConstant(binding.shape[kTokens], kv.pageTokens);
}

Status verifyCache(const Program &program, const ProgramDispatch &dispatch, const ProgramBinding &binding) {
  const KvFormat &kv = program.kv;
  if (!isLayer(kv, binding, kv.type, kCacheRank)) {
    return invalidArgument(
        "expected one layer of all pages, with shape [P, 2, kv_heads, {}, head_dim] and type {}",
        kv.pageTokens, nameOf(kv.type));
  }
  return has(dispatch, kCacheScales) == hasKvScales(kv.type)
             ? Status()
             : invalidArgument("expected operand '{}' {} a cache of type {}", kCacheScales,
                               hasKvScales(kv.type) ? "with" : "only with i8, not with", nameOf(kv.type));
}

/// The scales have the shape of the cache without its last dimension.
Status verifyScales(const Program &program, const ProgramDispatch &dispatch, const ProgramBinding &binding) {
  const ProgramBinding *cache = find(dispatch, kCache);
  const bool areScales = cache != nullptr && cache->shape.size() == kCacheRank &&
                         isLayer(program.kv, binding, kKvScaleType, kCacheRank - 1) &&
                         std::equal(binding.shape.begin(), binding.shape.end(), cache->shape.begin());
  return areScales ? Status()
                   : invalidArgument("expected the scales of operand '{}', of all pages, with shape [P, 2, "
                                     "kv_heads, {}] and type {}",
                                     kCache, program.kv.pageTokens, nameOf(kKvScaleType));
}

Status verifyTable(const ProgramBinding &binding, uint64_t rows) {
  bool isLongEnough = binding.shape.size() == 2 && binding.shape[0].kind == ExtentKind::constant &&
                      binding.shape[0].value >= rows;
  return isLongEnough ? Status() : invalidArgument("expected a table of at least {} rows", rows);
}

Status verifyOperand(const Program &program, const ProgramEntry &entry, const ProgramDispatch &dispatch,
                     const ProgramBinding &binding, uint32_t vocabSize) {
  for (uint32_t i = 0; i < kNumStepArrays; ++i) {
    if (binding.name == stepArray(i).operand) {
      return verifyStepOperand(program, entry, stepArray(i), binding);
    }
  }
  if (binding.name == kCache) {
    return verifyCache(program, dispatch, binding);
  }
  if (binding.name == kCacheScales) {
    return verifyScales(program, dispatch, binding);
  }
  if (binding.name == "table" || binding.name.starts_with("table.")) {
    return verifyTable(binding, has(dispatch, "positions") ? program.limits.context : vocabSize);
  }
  return {};
}
const std::string *textOf(const ProgramKernel &kernel, std::string_view name) {
  for (const ProgramAttribute &attribute : kernel.attributes) {
    if (attribute.name == name) {
      return std::get_if<std::string>(&attribute.value);
    }
  }
  return nullptr;
}

/// The format of the weight that a product reads: that of attribute `format`, or the dense one of its type.
std::optional<WeightFormat> weightFormatOf(const ProgramKernel &kernel, const ProgramDispatch &dispatch) {
  if (const std::string *format = textOf(kernel, "format")) {
    return findWeightFormat(*format);
  }
  for (const ProgramBinding &binding : dispatch.bindings) {
    if (binding.name == "weight") {
      return denseFormatOf(binding.type);
    }
  }
  return std::nullopt;
}

/// Checks that the weight of a product can be multiplied in its class. Formats and classes that this version
/// does not know are left to the backend.
Status verifyActivations(const ProgramKernel &kernel, const ProgramDispatch &dispatch) {
  const std::string *text = textOf(kernel, "activations");
  const auto activations = text == nullptr ? std::nullopt : parseActivationClass(*text);
  const std::optional<WeightFormat> format = weightFormatOf(kernel, dispatch);
  if (!activations || !format || multiplies(*activations, traitsOf(*format))) {
    return {};
  }
  std::vector<std::string_view> possible;
  for (size_t i = 0; i < kActivationClasses.size(); ++i) {
    if (multiplies(ActivationClass(i), traitsOf(*format))) {
      possible.push_back(kActivationClasses[i]);
    }
  }
  return invalidArgument("expected activations of weights in format {} to be one of {}, got {}",
                         nameOf(*format), fmt::join(possible, ", "), *text);
}
} // namespace

Status verifyOpset(const Program &program, uint32_t vocabSize) {
  for (const ProgramEntry &entry : program.entries) {
    for (size_t i = 0; i < entry.dispatches.size(); ++i) {
      const ProgramDispatch &dispatch = entry.dispatches[i];
      const ProgramKernel &kernel = program.kernels[dispatch.kernel];
      CRIA_RETURN_IF_ERROR(verifyActivations(kernel, dispatch)
                               .withContext(fmt::format("entry '{}': dispatch {} ('{}')", entry.name, i,
                                                        printable(kernel.name))));
      for (const ProgramBinding &binding : dispatch.bindings) {
        Status status = verifyOperand(program, entry, dispatch, binding, vocabSize);
        CRIA_RETURN_IF_ERROR(
            status.withContext(fmt::format("entry '{}': dispatch {} ('{}'): operand '{}'", entry.name, i,
                                           printable(kernel.name), printable(binding.name))));
      }
    }
  }
  return {};
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Program: the program of one target, programs/<target>.json (docs/package-format.md). It states what to
// allocate and what to dispatch. It is plain data in which names are resolved to indices; parseProgram()
// reads it and verifyProgram() checks it.
#pragma once

#include "format/ElementType.h"
#include "format/StepFields.h"
#include "format/WeightArrays.h"
#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cria {

/// Raised with every change of the members (docs/package-format.md lists the versions). No other version is
/// read.
constexpr int64_t kProgramVersion = 2;
constexpr uint32_t kMaxRank = 8;
constexpr uint32_t kMaxPageTokens = 1 << 16;
constexpr uint32_t kMaxThreadsPerBlock = 1024;
constexpr uint32_t kMaxRegisters = 1024; // of a thread
constexpr uint64_t kMaxScratchBytes = 1 << 30;
/// The maximum of every size and offset in bytes and of every stride. It keeps sums of several of them far
/// from overflow.
constexpr uint64_t kMaxProgramBytes = uint64_t(1) << 50;

struct KvFormat {
  uint32_t pageTokens = 0; // positions per page
  uint64_t pageBytes = 0;  // bytes of all layers
  ElementType type = ElementType::f16;
};

struct StepField {
  uint64_t offset = 0; // bytes
  uint64_t length = 0; // elements of 4 bytes
};
struct StepLayout {
  uint64_t size = 0;
  std::array<StepField, kNumStepFields> fields;
  const StepField &operator[](StepFieldKind kind) const { return fields[static_cast<uint32_t>(kind)]; }
};

/// One dimension of a shape: a constant, a quantity of the step, or times · ceildiv(n, tile) where n is T or
/// R, for arrays that hold the rows of a step in tiles.
struct Extent {
  ExtentKind kind = ExtentKind::constant;
  uint64_t value = 0;           // of kind constant
  uint64_t times = 1, tile = 1; // 1 unless the kind is tokens or outputs
  bool operator==(const Extent &) const = default;
};

/// One of the arrays of a weight, as arraysOf() lists them (format/WeightArrays.h).
struct ProgramWeightArray {
  std::string suffix; // of its name; empty for the first
  ElementType type = ElementType::f32;
  std::vector<uint64_t> shape; // physical
  uint64_t size = 0;           // bytes
  std::string tensor;          // its name in the file
};

struct ProgramWeight {
  std::string name;
  WeightFormat format = WeightFormat::f32;
  PhysicalLayout::Kind layout = PhysicalLayout::Kind::rowMajor;
  std::vector<uint64_t> shape; // logical
  std::vector<ProgramWeightArray> arrays;
  std::string file;   // empty if the entry point `initialize` writes it
  std::string recipe; // a description for people

  uint64_t size() const; // of all arrays, in bytes
};

/// Returns the arrays of a weight of that format, layout and logical shape. Their tensors are named after
/// `name`; if it is empty, they have no names.
std::vector<ProgramWeightArray> programArraysOf(WeightFormat format, PhysicalLayout::Kind layout,
                                                std::span<const int64_t> shape, std::string_view name);

enum class BufferKind : uint8_t { arena, result, constant };
struct ProgramBuffer {
  std::string name;
  BufferKind kind = BufferKind::arena;
  ElementType type = ElementType::f32;
  std::vector<Extent> shape;
  uint64_t size = 0;
  uint64_t offset = 0;        // arena: bytes from its start
  std::vector<uint32_t> data; // constant: its 32-bit words
};

struct ProgramAttribute {
  std::string name;
  std::variant<int64_t, double, std::string> value;
};

enum class KernelKind : uint8_t { kernel, op };
struct ProgramKernel {
  std::string name;
  KernelKind kind = KernelKind::kernel;
  std::string symbol;                        // kernel: exported by the code
  uint64_t scratchBytes = 0;                 // kernel: per CPU thread, or dynamic shared memory
  std::array<uint32_t, 3> block = {0, 0, 0}; // kernel on a GPU: threads of a workgroup
  uint32_t registers = 0;                    // kernel on a GPU: per thread; 0: unknown
  std::string op;                            // op: name in the opset
  std::vector<ProgramAttribute> attributes;
};

/// times * ceildiv(n, tile), where n is 1, T or R.
struct GridDimension {
  uint64_t times = 1;
  ExtentKind of = ExtentKind::constant; // n: constant for 1, tokens or outputs
  uint64_t tile = 1;
};

/// What a binding refers to: a weight, a buffer, or one of the two fixed buffers.
enum class BufferSpace : uint8_t { weight, buffer, step, kv };
struct BufferReference {
  BufferSpace space = BufferSpace::buffer;
  uint32_t index = 0; // of weights or buffers
  uint32_t array = 0; // of the arrays of a weight
  bool operator==(const BufferReference &) const = default;
};

struct ProgramBinding {
  std::string name;
  std::string bufferName; // for messages
  BufferReference buffer;
  uint32_t access = CRIA_ACCESS_READ;
  ElementType type = ElementType::f32;
  std::vector<Extent> shape;
  std::vector<uint64_t> strides; // elements
  uint64_t offset = 0;           // bytes from the buffer's start
  uint64_t size = 0;             // bytes; 0 if toEnd
  bool toEnd = false;            // kv: the window extends to the end of the pool
};

struct ProgramDispatch {
  uint32_t kernel = 0;
  std::array<GridDimension, 3> grid;
  uint32_t gridRank = 1; // number of stated dimensions; the others are 1
  bool inPlace = false;  // a written binding may be the same window as another one
  std::vector<ProgramBinding> bindings;
};

struct ProgramEntry {
  std::string name; // decode, small, prefill or initialize
  uint32_t minTokens = 1;
  uint32_t maxTokens = 1;
  std::vector<ProgramDispatch> dispatches;
};

struct Program {
  std::string target;
  ProgramLimits limits;
  KvFormat kv;
  StepLayout step;
  std::vector<ProgramWeight> weights;
  std::vector<ProgramBuffer> buffers;
  std::vector<ProgramKernel> kernels;
  std::vector<ProgramEntry> entries;

  /// Null if there is no such entry point.
  const ProgramEntry *findEntry(std::string_view name) const;
  /// The only buffer of kind result. REQUIRES: the program is verified.
  const ProgramBuffer &result() const;
  uint64_t arenaBytes() const;  // the maximum end of an arena buffer
  uint64_t weightBytes() const; // of all weights
};

/// Returns the value of a dimension for a step of `tokens` rows and `outputs` rows of logits. pages: the
/// number of pages of the pool. It never decreases when a quantity grows.
uint64_t resolveExtent(const Extent &extent, const ProgramLimits &limits, uint64_t tokens, uint64_t outputs,
                       uint64_t pages);
/// The same for a dimension of a grid.
uint64_t resolveGrid(const GridDimension &dimension, uint64_t tokens, uint64_t outputs);

/// Parses a program strictly: unknown members, wrong types and unknown names are errors. `what` names the
/// text in messages, e.g. "programs/ops.json". Does not verify the program; see verifyProgram(). Errors:
/// invalidArgument with the place.
StatusOr<Program> parseProgram(std::string_view text, std::string_view what);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program of one target, as programs/<target>.json states it (docs/package-format.md): what to allocate
// and what to dispatch. Plain data with every name resolved to an index; parseProgram() reads it,
// verifyProgram() judges it.
#pragma once

#include "format/ElementType.h"
#include "format/StepFields.h"
#include "format/WeightLayout.h"
#include "plugins/api/cria_plugin.h"
#include "support/Status.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cria {

constexpr int64_t kProgramVersion = 1;
constexpr uint32_t kMaxRank = 8;
constexpr uint32_t kMaxPageTokens = 1 << 16;
constexpr uint32_t kMaxThreadsPerBlock = 1024;
constexpr uint32_t kMaxRegisters = 1024; // of a thread
constexpr uint64_t kMaxScratchBytes = 1 << 30;
/// Bound of every size and offset in bytes and of every stride; sums of a few stay far from overflow.
constexpr uint64_t kMaxProgramBytes = uint64_t(1) << 50;

struct KvFormat {
  uint32_t pageTokens = 0; // positions of one page
  uint64_t pageBytes = 0;  // all layers
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

/// One dimension of a shape.
struct Extent {
  ExtentKind kind = ExtentKind::constant;
  uint64_t value = 0; // of kind constant
};

struct ProgramWeight {
  std::string name;
  ElementType type = ElementType::f32;
  PhysicalLayout::Kind layout = PhysicalLayout::Kind::rowMajor;
  std::vector<uint64_t> shape; // logical
  uint64_t size = 0;           // bytes of the physical array
  std::string file;            // empty: made by the entry `initialize`
  std::string tensor;          // its name in the file
  std::string recipe;          // for readers
};

enum class BufferKind : uint8_t { arena, result, constant };
struct ProgramBuffer {
  std::string name;
  BufferKind kind = BufferKind::arena;
  ElementType type = ElementType::f32;
  std::vector<Extent> shape;
  uint64_t size = 0;
  uint64_t offset = 0;        // arena: where in the arena
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
  uint64_t scratchBytes = 0;                 // kernel: per worker; on a GPU, dynamic shared memory of a block
  std::array<uint32_t, 3> block = {0, 0, 0}; // kernel on a GPU: threads of a workgroup
  uint32_t registers = 0;                    // kernel on a GPU: of a thread; 0: unknown
  std::string op;                            // op: name in the opset
  std::vector<ProgramAttribute> attributes;
};

enum class GridOf : uint8_t { one, tokens, outputs };
/// times * ceildiv(n, tile), n = 1, T or R.
struct GridDimension {
  uint64_t times = 1;
  GridOf of = GridOf::one;
  uint64_t tile = 1;
};

/// Where a binding points: an index into weights or buffers, or one of the two fixed buffers.
enum class BufferSpace : uint8_t { weight, buffer, step, kv };
struct BufferReference {
  BufferSpace space = BufferSpace::buffer;
  uint32_t index = 0; // of weights or buffers
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
  uint64_t size = 0;             // bytes; 0 with toEnd
  bool toEnd = false;            // kv: the window reaches to the end of the pool
};

struct ProgramDispatch {
  uint32_t kernel = 0;
  std::array<GridDimension, 3> grid;
  uint32_t gridRank = 1; // dimensions that the program states; the others are 1
  bool inPlace = false;  // a written binding may name the same window as another one
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

  const ProgramEntry *findEntry(std::string_view name) const; // nullptr: none
  /// The one buffer of kind result. Valid for a verified program.
  const ProgramBuffer &result() const;
  uint64_t arenaBytes() const;  // the largest end of an arena buffer
  uint64_t weightBytes() const; // of all weights
};

/// The shape of the array that holds a verified weight.
std::vector<int64_t> physicalShape(const ProgramWeight &weight);

/// Value of `extent` for a step of `tokens` rows and `outputs` rows of logits; pages: pages in the pool.
uint64_t resolveExtent(Extent extent, const ProgramLimits &limits, uint64_t tokens, uint64_t outputs,
                       uint64_t pages);

/// Reads a program strictly: unknown members, wrong types and unknown names are errors that say where.
/// `what` names the text in messages, e.g. "programs/ops.json". Does not verify; see ProgramVerifier.h.
StatusOr<Program> parseProgram(std::string_view text, std::string_view what);

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a compiled program on a device, step by step. It allocates weights, arena, step, pages and
// result itself and uses no part of the runtime.
#pragma once

#include "format/Program.h"
#include "plugins/api/cria_plugin.h"
#include "tools/cria-device-check/CompiledProgram.h"
#include "tools/cria-plugin-test/DispatchHarness.h"
#include "tools/cria-plugin-test/Formulas.h"

#include <map>

namespace cria::conformance {

/// The logical values of the tensors that recipes name. A vector is a matrix of one row.
using Tensors = std::map<std::string, Matrix>;

/// The arrays of one step (docs/architecture.md).
struct StepInputs {
  std::vector<int64_t> tokens, positions, sequences, slots, sequenceStarts, outputs;
  std::vector<std::vector<int64_t>> blockTable; // one row per sequence
};

class ProgramRunner {
public:
  /// Runs the entry point `initialize` if there is one. Errors: throws std::runtime_error with the backend's
  /// message.
  ProgramRunner(Device &device, const CompiledProgram &program, const Tensors &tensors, uint64_t pages);

  /// Runs `entry` and returns the rows of the result. Arena and result are filled with NaN before. Errors:
  /// throws std::runtime_error, also if the step wrote a row of the result after its own.
  Matrix step(const std::string &entry, const StepInputs &inputs);
  /// Runs `entry` and returns the name and the nanoseconds of each kernel, in order. Errors: throws
  /// std::runtime_error, also if the backend does not support profiling.
  std::vector<std::pair<std::string, uint64_t>> times(const std::string &entry, const StepInputs &inputs);

private:
  struct Memory {
    cria_buffer *buffer = nullptr;
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  struct StepSizes {
    uint64_t tokens, outputs, sequences;
  };

  void loadCode(const CompiledProgram &program);
  void addWeights(const CompiledProgram &program, const Tensors &tensors);
  void addBuffers();
  void initialize();
  Matrix readResult(uint64_t rows);
  std::array<std::vector<int64_t>, kNumStepFields> stepFields(const StepInputs &inputs) const;
  void uploadStep(const StepInputs &inputs);
  uint64_t dimensionOf(const Extent &extent, const StepSizes &sizes) const;
  Operand operandOf(const ProgramBinding &binding, const StepSizes &sizes) const;
  Entry entryOf(const ProgramDispatch &dispatch, const StepSizes &sizes) const;
  std::vector<Entry> entriesOf(const std::string &entry, const StepInputs &inputs) const;

  Device &device_;
  Program program_;
  uint64_t pages_;
  cria_code *code_ = nullptr;
  std::map<std::string, Memory> memory_;
  cria_buffer *arena_ = nullptr;
  std::string resultName_;
  uint64_t resultColumns_ = 0;
};

} // namespace cria::conformance

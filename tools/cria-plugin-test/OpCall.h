// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A call of an op of the opset with its data on the host: operands are views of arrays of doubles. Operands
// that share a buffer share an array. run() executes a call on a device and downloads all arrays.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "tools/cria-plugin-test/DispatchHarness.h"
#include "tools/cria-plugin-test/NumberFormats.h"

#include <map>

namespace cria::conformance {

/// The elements of one buffer. Each value is representable in the type.
struct Array {
  uint32_t type = CRIA_TYPE_F32;
  std::vector<double> values;
};

/// A strided view of an array. Strides and offsets are in elements.
struct View {
  std::shared_ptr<Array> array;
  uint64_t first = 0; // offset of the first element
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides;

  uint64_t rows() const { return shape[0]; }
  uint64_t columns() const { return shape[1]; }
  uint64_t index(uint64_t i, uint64_t j = 0) const {
    return first + i * strides[0] + (shape.size() > 1 ? j * strides[1] : 0);
  }
  double at(uint64_t i, uint64_t j = 0) const { return array->values[index(i, j)]; }
  int64_t integer(uint64_t i, uint64_t j = 0) const { return static_cast<int64_t>(at(i, j)); }
};

/// Makes a dense row-major array and a view of all of it. denseView rounds the values to the type.
View denseView(uint32_t type, std::vector<uint64_t> shape, std::vector<double> values);
View integerView(const std::vector<int64_t> &values);

/// The access of an operand that receives a result.
constexpr uint32_t kWrite = CRIA_ACCESS_WRITE;

struct Argument {
  std::string name;
  View view;
  uint32_t access = CRIA_ACCESS_READ;
};

struct OpCall {
  std::string op;
  std::vector<Argument> arguments;
  std::vector<Attribute> attributes;

  /// Returns null if there is no such operand.
  const View *find(const std::string &name) const;
  const View &operator[](const std::string &name) const; // throws std::out_of_range
  const Attribute *findAttribute(const std::string &name) const;
  int64_t integer(const std::string &attribute) const;
  double number(const std::string &attribute) const;
};

/// Calls that are recorded together as one program on a device. Borrows the device and the arrays of the
/// calls. Operands that share an array share a buffer.
class RecordedCalls {
public:
  RecordedCalls(Device &device, std::vector<OpCall> &calls);
  const Outcome &outcome() const { return recording_->outcome(); }
  /// Uploads every array, replays the command buffer, and downloads every array.
  Outcome replay();

private:
  void addEntry(const OpCall &call, std::vector<Entry> &entries);

  Device &device_;
  std::map<Array *, cria_buffer *> buffers_;
  std::unique_ptr<Recording> recording_;
};

/// Uploads every array, records and replays the op once, and downloads every array.
Outcome run(Device &device, OpCall &call);

} // namespace cria::conformance

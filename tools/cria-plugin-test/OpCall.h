// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An op of the opset with its data on the host: operands are views of arrays of doubles, several of which may
// share an array as they would share a buffer. run() executes it on a device and brings all arrays back.
#pragma once

#include "plugins/api/cria_plugin.h"
#include "tools/cria-plugin-test/DispatchHarness.h"
#include "tools/cria-plugin-test/NumberFormats.h"

#include <map>

namespace cria::conformance {

/// The elements of one buffer, each a value that the type holds exactly.
struct Array {
  uint32_t type = CRIA_TYPE_F32;
  std::vector<double> values;
};

struct View {
  std::shared_ptr<Array> array;
  uint64_t first = 0; // element
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

/// A dense array and the view of all of it.
View denseView(uint32_t type, std::vector<uint64_t> shape, std::vector<double> values);
View integerView(const std::vector<int64_t> &values);

struct Argument {
  std::string name;
  View view;
  uint32_t access = CRIA_ACCESS_READ;
};

struct OpCall {
  std::string op;
  std::vector<Argument> arguments;
  std::vector<Attribute> attributes;

  /// Null when there is no such operand.
  const View *find(const std::string &name) const;
  const View &operator[](const std::string &name) const; // throws std::out_of_range
  const Attribute *findAttribute(const std::string &name) const;
  int64_t integer(const std::string &attribute) const;
  double number(const std::string &attribute) const;
};

/// Calls recorded together as one program on a device. Borrows both; operands that share an array share a
/// buffer.
class RecordedCalls {
public:
  RecordedCalls(Device &device, std::vector<OpCall> &calls);
  const Outcome &outcome() const { return recording_->outcome(); }
  /// Uploads every array, replays, and brings every array back.
  Outcome replay();

private:
  void addEntry(const OpCall &call, std::vector<Entry> &entries);

  Device &device_;
  std::map<Array *, cria_buffer *> buffers_;
  std::unique_ptr<Recording> recording_;
};

/// Uploads every array, records and replays the op once, downloads every array into its place.
Outcome run(Device &device, OpCall &call);

} // namespace cria::conformance

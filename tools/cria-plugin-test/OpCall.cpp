// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/OpCall.h"

#include <algorithm>

namespace cria::conformance {
namespace {

std::vector<std::byte> encode(const Array &array) {
  const uint64_t size = plugin::sizeOfType(array.type);
  std::vector<std::byte> bytes(array.values.size() * size);
  for (size_t i = 0; i < array.values.size(); ++i) {
    encodeElement(array.type, array.values[i], bytes.data() + i * size);
  }
  return bytes;
}

void decode(const std::vector<std::byte> &bytes, Array &array) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    array.values[i] = decodeElement(array.type, bytes.data() + i * plugin::sizeOfType(array.type));
  }
}

/// Returns an operand whose window extends from the view's first element to the end of the buffer.
Operand operandOf(const Argument &argument, cria_buffer *buffer) {
  const View &view = argument.view;
  const uint64_t size = plugin::sizeOfType(view.array->type);
  return {.name = argument.name,
          .buffer = buffer,
          .offset = view.first * size,
          .size = (view.array->values.size() - view.first) * size,
          .type = view.array->type,
          .shape = view.shape,
          .strides = view.strides,
          .access = argument.access,
          .isResult = argument.access != CRIA_ACCESS_READ};
}

} // namespace

View denseView(uint32_t type, std::vector<uint64_t> shape, std::vector<double> values) {
  const std::vector<uint64_t> strides = denseStrides(shape);
  for (double &value : values) {
    value = roundToType(type, value);
  }
  return {std::make_shared<Array>(Array{type, std::move(values)}), 0, std::move(shape), strides};
}

View integerView(const std::vector<int64_t> &values) {
  return denseView(CRIA_TYPE_I32, {values.size()}, std::vector<double>(values.begin(), values.end()));
}

const View *OpCall::find(const std::string &name) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(),
                                  [&](const Argument &argument) { return argument.name == name; });
  return found == arguments.end() ? nullptr : &found->view;
}

const View &OpCall::operator[](const std::string &name) const {
  const View *view = find(name);
  if (view == nullptr) {
    throw std::out_of_range(op + " has no operand " + name);
  }
  return *view;
}

const Attribute *OpCall::findAttribute(const std::string &name) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute &attribute) { return attribute.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

int64_t OpCall::integer(const std::string &attribute) const { return findAttribute(attribute)->integer; }
double OpCall::number(const std::string &attribute) const { return findAttribute(attribute)->number; }

RecordedCalls::RecordedCalls(Device &device, std::vector<OpCall> &calls) : device_(device) {
  std::vector<Entry> entries;
  for (const OpCall &call : calls) {
    addEntry(call, entries);
  }
  recording_ = std::make_unique<Recording>(device, nullptr, entries);
}

void RecordedCalls::addEntry(const OpCall &call, std::vector<Entry> &entries) {
  Entry entry{.kind = CRIA_ENTRY_OP, .name = call.op, .attributes = call.attributes};
  for (const Argument &argument : call.arguments) {
    Array *array = argument.view.array.get();
    if (!buffers_.contains(array)) {
      buffers_.emplace(array, device_.allocate(encode(*array)));
    }
    entry.operands.push_back(operandOf(argument, buffers_[array]));
  }
  entries.push_back(std::move(entry));
}

Outcome RecordedCalls::replay() {
  if (!outcome().ok()) {
    return outcome();
  }
  for (const auto &[array, buffer] : buffers_) {
    device_.upload(buffer, encode(*array));
  }
  Outcome replayed = recording_->replay();
  for (const auto &[array, buffer] : buffers_) {
    decode(device_.download(buffer, array->values.size() * plugin::sizeOfType(array->type)), *array);
  }
  return replayed;
}

Outcome run(Device &device, OpCall &call) {
  std::vector<OpCall> calls{call}; // the arrays are shared with `call`
  return RecordedCalls(device, calls).replay();
}

} // namespace cria::conformance

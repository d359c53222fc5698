// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OpCall.h"

#include <algorithm>
#include <map>

namespace cria::conformance {
namespace {

std::vector<std::byte> encode(const Array &array) {
  const uint64_t size = sizeOfType(array.type);
  std::vector<std::byte> bytes(array.values.size() * size);
  for (size_t i = 0; i < array.values.size(); ++i) {
    encodeElement(array.type, array.values[i], bytes.data() + i * size);
  }
  return bytes;
}

void decode(const std::vector<std::byte> &bytes, Array &array) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    array.values[i] = decodeElement(array.type, bytes.data() + i * sizeOfType(array.type));
  }
}

// The window from the view's first element to the end of the buffer.
Operand operandOf(const Argument &argument, cria_buffer *buffer) {
  const View &view = argument.view;
  const uint64_t size = sizeOfType(view.array->type);
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

Outcome run(Device &device, OpCall &call) {
  std::map<Array *, cria_buffer *> buffers;
  Entry entry{.kind = CRIA_ENTRY_OP, .name = call.op, .attributes = call.attributes};
  for (const Argument &argument : call.arguments) {
    Array *array = argument.view.array.get();
    if (buffers.find(array) == buffers.end()) {
      buffers.emplace(array, device.allocate(encode(*array)));
    }
    entry.operands.push_back(operandOf(argument, buffers[array]));
  }
  const Outcome outcome = run(device, nullptr, {entry});
  for (const auto &[array, buffer] : buffers) {
    decode(device.download(buffer, array->values.size() * sizeOfType(array->type)), *array);
  }
  return outcome;
}

} // namespace cria::conformance

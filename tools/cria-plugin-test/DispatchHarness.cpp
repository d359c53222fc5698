// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/DispatchHarness.h"

#include "plugins/sdk/cria_plugin.hpp"

#include <dlfcn.h>
#include <map>
#include <stdexcept>

/// Make an impossible allocation return null under a sanitizer, in place of ending the process.
extern "C" __attribute__((visibility("default"))) const char *__asan_default_options() {
  return "allocator_may_return_null=1";
}
/// ThreadSanitizer calls it before it can observe functions.
extern "C" __attribute__((visibility("default"), no_sanitize("thread"))) const char *
__tsan_default_options() {
  return "allocator_may_return_null=1";
}

namespace cria::conformance {
namespace {

void require(const Outcome &outcome, const std::string &what) {
  if (!outcome.ok()) {
    throw std::runtime_error(what + ": status " + std::to_string(outcome.status) + ", " + outcome.message);
  }
}

const cria_host &testHost() {
  static const cria_host kHost{.struct_size = sizeof(cria_host),
                               .abi_major = CRIA_ABI_MAJOR,
                               .abi_minor_min = CRIA_ABI_MINOR,
                               .abi_minor_max = CRIA_ABI_MINOR,
                               .user = nullptr,
                               .log = [](void *, uint32_t, cria_string text) {
                                 fprintf(stderr, "%.*s\n", static_cast<int>(text.size), text.data);
                               }};
  return kHost;
}

/// The structs of the interface for a list of entries, which they point into.
class EntryTables {
public:
  explicit EntryTables(const std::vector<Entry> &entries) {
    for (const Entry &entry : entries) {
      add(entry);
    }
    for (const auto &entry : entries_) {
      entryPointers_.push_back(&entry->c);
    }
  }
  cria_record_info info() const {
    return {.struct_size = sizeof(cria_record_info),
            .num_entries = static_cast<uint32_t>(entryPointers_.size()),
            .entries = entryPointers_.data()};
  }

private:
  struct EntryTable {
    cria_entry c{};
    std::vector<std::vector<uint64_t>> strides;
    std::vector<cria_operand> operands;
    std::vector<const cria_operand *> operandPointers;
    std::vector<cria_attribute> attributes;
    std::vector<const cria_attribute *> attributePointers;
  };

  static cria_operand operandOf(const Operand &operand, const std::vector<uint64_t> &strides) {
    cria_operand c{};
    c.struct_size = sizeof(c);
    c.access = operand.access;
    c.buffer = operand.buffer;
    c.offset = operand.offset;
    c.size = operand.size;
    c.type = operand.type;
    c.rank = static_cast<uint32_t>(operand.shape.size());
    c.required = operand.required;
    c.is_result = operand.isResult;
    c.name = plugin::string(operand.name);
    c.shape = operand.shape.data();
    c.strides = strides.data();
    return c;
  }

  static cria_attribute attributeOf(const Attribute &attribute) {
    cria_attribute c{};
    c.struct_size = sizeof(c);
    c.type = attribute.type;
    c.name = plugin::string(attribute.name);
    c.integer = attribute.integer;
    c.number = attribute.number;
    c.text = plugin::string(attribute.text);
    return c;
  }

  static void fillOperands(const Entry &entry, EntryTable &table) {
    table.strides.reserve(entry.operands.size());
    for (const Operand &operand : entry.operands) {
      table.strides.push_back(operand.strides.empty() ? denseStrides(operand.shape) : operand.strides);
      table.operands.push_back(operandOf(operand, table.strides.back()));
    }
    for (const cria_operand &operand : table.operands) {
      table.operandPointers.push_back(&operand);
    }
    table.c.num_operands = static_cast<uint32_t>(table.operands.size());
    table.c.operands = table.operandPointers.data();
  }

  static void fillAttributes(const Entry &entry, EntryTable &table) {
    for (const Attribute &attribute : entry.attributes) {
      table.attributes.push_back(attributeOf(attribute));
    }
    for (const cria_attribute &attribute : table.attributes) {
      table.attributePointers.push_back(&attribute);
    }
    table.c.num_attributes = static_cast<uint32_t>(table.attributes.size());
    table.c.attributes = table.attributePointers.data();
  }

  void add(const Entry &entry) {
    auto table = std::make_unique<EntryTable>();
    table->c.struct_size = sizeof(cria_entry);
    table->c.kind = entry.kind;
    table->c.name = plugin::string(entry.name);
    for (size_t i = 0; i < 3; ++i) {
      table->c.grid[i] = entry.grid[i];
      table->c.block[i] = entry.block[i];
    }
    table->c.scratch_bytes = entry.scratchBytes;
    table->c.fill_value = entry.fillValue;
    fillOperands(entry, *table);
    fillAttributes(entry, *table);
    entries_.push_back(std::move(table));
  }

  std::vector<std::unique_ptr<EntryTable>> entries_;
  std::vector<const cria_entry *> entryPointers_;
};

} // namespace

Outcome outcomeOf(const std::function<cria_status(cria_message *)> &function) {
  std::array<char, 1024> text{};
  cria_message message{};
  message.struct_size = sizeof(message);
  message.data = text.data();
  message.capacity = text.size();
  const cria_status status = function(&message);
  return {status, std::string(text.data(), message.size)};
}

std::vector<uint64_t> denseStrides(const std::vector<uint64_t> &shape) {
  std::vector<uint64_t> strides(shape.size());
  uint64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

Backend::Backend(const std::string &path) {
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw std::runtime_error(dlerror());
  }
  query_ = reinterpret_cast<cria_plugin_query_fn>(dlsym(handle, "cria_plugin_query"));
  if (query_ == nullptr) {
    throw std::runtime_error(path + " exports no cria_plugin_query");
  }
  require(query(testHost(), plugin_), path);
  if (plugin_.kind != CRIA_PLUGIN_BACKEND) {
    throw std::runtime_error(path + " is not a backend");
  }
  api_ = static_cast<const cria_backend_api *>(plugin_.api);
}

Outcome Backend::query(const cria_host &host, cria_plugin &out) const {
  out = {};
  out.struct_size = sizeof(out);
  return outcomeOf([&](cria_message *message) { return query_(&host, &out, message); });
}

const Backend &Backend::at(const std::filesystem::path &library) {
  static std::map<std::string, Backend> loaded;
  const auto found = loaded.find(library.string());
  return found != loaded.end() ? found->second
                               : loaded.emplace(library.string(), Backend(library.string())).first->second;
}

Device::Device(const Backend &backend, Options options) : backend_(backend) {
  const cria_open_options open{.struct_size = sizeof(cria_open_options),
                               .device = options.device,
                               .num_threads = options.numThreads,
                               .flags = options.flags};
  require(outcomeOf([&](cria_message *message) { return api().open(&open, &context_, message); }), "open");
  require(outcomeOf([&](cria_message *message) { return api().queue_create(context_, &queue_, message); }),
          "queue_create");
}

Device::~Device() {
  for (cria_code *code : codes_) {
    api().unload(context_, code);
  }
  for (cria_buffer *buffer : buffers_) {
    api().buffer_free(context_, buffer);
  }
  if (queue_ != nullptr) {
    api().queue_free(queue_);
  }
  if (context_ != nullptr) {
    api().close(context_);
  }
}

cria_status allocateBuffer(const cria_backend_api &api, cria_context *context, uint64_t size,
                           cria_buffer **out, cria_message *message) {
  const cria_buffer_info info{sizeof(info), CRIA_BUFFER_GENERAL, size};
  return api.buffer_allocate(context, &info, out, message);
}

cria_buffer *Device::allocate(uint64_t size) {
  return allocate(std::vector<std::byte>(size, std::byte{0xFF}));
}

cria_buffer *Device::allocateUndefined(uint64_t size) {
  cria_buffer *buffer = nullptr;
  require(outcomeOf(
              [&](cria_message *message) { return allocateBuffer(api(), context_, size, &buffer, message); }),
          "buffer_allocate");
  buffers_.push_back(buffer);
  return buffer;
}

cria_buffer *Device::allocate(const std::vector<std::byte> &contents) {
  cria_buffer *buffer = allocateUndefined(contents.size());
  upload(buffer, contents);
  return buffer;
}

cria_buffer *Device::allocateFilled(uint64_t size, uint32_t word) {
  cria_buffer *buffer = allocateUndefined(size);
  require(
      outcomeOf([&](cria_message *message) { return api().fill(queue_, buffer, 0, size, word, message); }),
      "fill");
  return buffer;
}

void Device::upload(cria_buffer *buffer, const std::vector<std::byte> &contents) {
  require(outcomeOf([&](cria_message *message) {
            return api().upload(queue_, buffer, 0, contents.data(), contents.size(), message);
          }),
          "upload");
}

std::vector<std::byte> Device::download(cria_buffer *buffer, uint64_t size) {
  std::vector<std::byte> contents(size);
  require(outcomeOf([&](cria_message *message) {
            return api().download(queue_, buffer, 0, contents.data(), size, message);
          }),
          "download");
  require(outcomeOf([&](cria_message *message) { return api().finish(queue_, message); }), "finish");
  return contents;
}

Outcome Device::load(const cria_executable_info &info, const std::vector<std::byte> &bytes,
                     const std::string &path, cria_code **out) {
  cria_executable executable{};
  executable.struct_size = sizeof(executable);
  executable.info = &info;
  executable.data = bytes.data();
  executable.size = bytes.size();
  executable.path = plugin::string(path);
  cria_code *code = nullptr;
  Outcome outcome =
      outcomeOf([&](cria_message *message) { return api().load(context_, &executable, &code, message); });
  if (outcome.ok()) {
    codes_.push_back(code);
    *out = code;
  }
  return outcome;
}

Attribute intAttribute(std::string name, int64_t value) {
  return {.name = std::move(name), .type = CRIA_ATTRIBUTE_INT, .integer = value};
}
Attribute floatAttribute(std::string name, double value) {
  return {.name = std::move(name), .type = CRIA_ATTRIBUTE_FLOAT, .number = value};
}
Attribute textAttribute(std::string name, std::string value) {
  return {.name = std::move(name), .type = CRIA_ATTRIBUTE_STRING, .text = std::move(value)};
}

Recording::Recording(Device &device, cria_code *code, const std::vector<Entry> &entries) : device_(device) {
  const EntryTables tables(entries);
  const cria_record_info info = tables.info();
  outcome_ = outcomeOf([&](cria_message *message) {
    return device_.api().record(device_.context(), code, &info, &recording_, message);
  });
}

Recording::~Recording() {
  if (recording_ != nullptr) {
    device_.api().recording_free(device_.context(), recording_);
  }
}

Outcome Recording::replay(const int32_t *cancel) {
  Outcome outcome = outcomeOf([&](cria_message *message) {
    return device_.api().replay(device_.queue(), recording_, cancel, message);
  });
  return outcome.ok() ? outcomeOf([&](cria_message *message) {
    return device_.api().finish(device_.queue(), message);
  })
                      : outcome;
}

Outcome run(Device &device, cria_code *code, const std::vector<Entry> &entries) {
  Recording recording(device, code, entries);
  return recording.outcome().ok() ? recording.replay() : recording.outcome();
}

} // namespace cria::conformance

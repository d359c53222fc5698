// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs single dispatches on a backend through the C interface: loads the plugin, opens a device, allocates
// buffers, records, replays, downloads. For tests: every call is checked, and a failed one is reported with
// status and message.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cria::conformance {

/// The result of a call. The message is empty if the plugin wrote none.
struct Outcome {
  cria_status status = CRIA_STATUS_OK;
  std::string message;
  bool ok() const { return status == CRIA_STATUS_OK; }
};

/// Calls `function` with a message buffer, and returns status and message.
Outcome outcomeOf(const std::function<cria_status(cria_message *)> &function);

/// Calls the backend's buffer_allocate.
cria_status allocateBuffer(const cria_backend_api &api, cria_context *context, uint64_t size,
                           cria_buffer **out, cria_message *message);

/// A loaded backend plugin; stays loaded until the process ends.
class Backend {
public:
  /// Opens cria_backend_<name>.so. Throws std::runtime_error with the reason.
  static const Backend &named(const std::string &name);
  /// Opens a library by its path. Throws std::runtime_error with the reason.
  static const Backend &at(const std::filesystem::path &library);
  /// Sets the folders that named() searches, in order. The default is plugins/ and dev-plugins/ of the build
  /// folder. Not thread-safe.
  static void setFolders(std::vector<std::filesystem::path> folders);

  const cria_backend_api &api() const { return *api_; }
  const cria_plugin &plugin() const { return plugin_; }
  /// Calls the exported cria_plugin_query on behalf of `host`.
  Outcome query(const cria_host &host, cria_plugin &out) const;

private:
  explicit Backend(const std::string &path);
  cria_plugin_query_fn query_ = nullptr;
  cria_plugin plugin_{};
  const cria_backend_api *api_ = nullptr;
};

/// An opened device with one queue. Owns the buffers and code that it returns. Not thread-safe.
class Device {
public:
  struct Options {
    uint32_t numThreads = 0;
    uint32_t flags = 0;
    uint32_t device = 0; // device number
  };
  explicit Device(const Backend &backend) : Device(backend, Options{}) {}
  Device(const Backend &backend, Options options); // throws std::runtime_error
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const cria_backend_api &api() const { return backend_.api(); }
  cria_context *context() const { return context_; }
  cria_queue *queue() const { return queue_; }

  /// Allocates a buffer of 0xFF bytes: NaN in every floating-point type, -1 in every integer type.
  cria_buffer *allocate(uint64_t size);
  cria_buffer *allocate(const std::vector<std::byte> &contents);
  /// Allocates a buffer and fills it on the device with a word. size: a multiple of 4.
  cria_buffer *allocateFilled(uint64_t size, uint32_t word);
  void upload(cria_buffer *buffer, const std::vector<std::byte> &contents);
  std::vector<std::byte> download(cria_buffer *buffer, uint64_t size);

  /// Loads code, which is unloaded with the device. `path` may be empty.
  Outcome load(const cria_executable_info &info, const std::vector<std::byte> &bytes, const std::string &path,
               cria_code **out);

private:
  /// Allocates a buffer whose contents are undefined.
  cria_buffer *allocateUndefined(uint64_t size);

  const Backend &backend_;
  cria_context *context_ = nullptr;
  cria_queue *queue_ = nullptr;
  std::vector<cria_buffer *> buffers_;
  std::vector<cria_code *> codes_;
};

// Structs of the interface that own their arrays and strings.

/// cria_operand.
struct Operand {
  std::string name;
  cria_buffer *buffer = nullptr;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t type = CRIA_TYPE_F32;
  std::vector<uint64_t> shape;
  std::vector<uint64_t> strides; // empty: row-major, dense
  uint32_t access = CRIA_ACCESS_READ;
  uint32_t required = 1;
  uint32_t isResult = 0;
};

struct Attribute {
  std::string name;
  uint32_t type = CRIA_ATTRIBUTE_INT;
  int64_t integer = 0;
  double number = 0;
  std::string text;
};
Attribute intAttribute(std::string name, int64_t value);
Attribute floatAttribute(std::string name, double value);
Attribute textAttribute(std::string name, std::string value);

struct Entry {
  uint32_t kind = CRIA_ENTRY_OP;
  std::string name;
  std::vector<Operand> operands;
  std::vector<Attribute> attributes;
  std::array<uint32_t, 3> grid{1, 1, 1};
  std::array<uint32_t, 3> block{0, 0, 0};
  uint64_t scratchBytes = 0;
  uint32_t fillValue = 0;
};

/// A command buffer. If the backend refused it, outcome() has the reason.
class Recording {
public:
  Recording(Device &device, cria_code *code, const std::vector<Entry> &entries);
  ~Recording();
  Recording(const Recording &) = delete;
  Recording &operator=(const Recording &) = delete;

  const Outcome &outcome() const { return outcome_; }
  /// Replays the command buffer and waits for it.
  Outcome replay(const int32_t *cancel = nullptr);

private:
  Device &device_;
  cria_recording *recording_ = nullptr;
  Outcome outcome_;
};

/// Records the entries and replays them once.
Outcome run(Device &device, cria_code *code, const std::vector<Entry> &entries);

/// Returns the strides of a dense row-major tensor, in elements.
std::vector<uint64_t> denseStrides(const std::vector<uint64_t> &shape);

} // namespace cria::conformance

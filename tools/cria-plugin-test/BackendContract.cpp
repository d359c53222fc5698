// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases for the part of cria_plugin.h that holds for every backend, whatever code it runs: query, devices,
// buffers, transfers, events.
#include "tools/cria-plugin-test/ContractCases.h"

#include <array>

namespace cria::conformance {

cria_host hostSpeaking(uint32_t major, uint32_t minorMin, uint32_t minorMax) {
  return {.struct_size = sizeof(cria_host),
          .abi_major = major,
          .abi_minor_min = minorMin,
          .abi_minor_max = minorMax,
          .user = nullptr,
          .log = [](void *, uint32_t, cria_string) {}};
}

void requireRefusal(const Outcome &outcome, cria_status status, std::string_view text,
                    std::string_view what) {
  require(outcome.status == status, "{}: expected status {}, got {} ('{}')", what, status, outcome.status,
          outcome.message);
  require(outcome.message.find(text) != std::string::npos, "{}: expected a message with '{}', got '{}'", what,
          text, outcome.message);
}

void requireOk(const Outcome &outcome, std::string_view what) {
  require(outcome.ok(), "{}: expected ok, got status {} ('{}')", what, outcome.status, outcome.message);
}

namespace {

void refusesHostsOfOtherVersions(const BackendSubject &subject) {
  cria_plugin out{};
  for (const cria_host &host :
       {hostSpeaking(CRIA_ABI_MAJOR + 1, 0, 9), hostSpeaking(CRIA_ABI_MAJOR, 90, 99)}) {
    const Outcome outcome = subject.backend.query(host, out);
    require(outcome.status == CRIA_STATUS_INCOMPATIBLE_CODE,
            "a host of ABI {}.{} and later: expected status {}, got {}", host.abi_major, host.abi_minor_min,
            CRIA_STATUS_INCOMPATIBLE_CODE, outcome.status);
    require(!outcome.message.empty(), "a host of ABI {}: expected a reason, got no message", host.abi_major);
  }
}

void negotiatesTheVersion(const BackendSubject &subject) {
  uint32_t stamped[2];
  for (const uint32_t later : {0u, 1u}) { // versions that do not exist yet
    cria_plugin out{};
    requireOk(subject.backend.query(hostSpeaking(CRIA_ABI_MAJOR, 0, 90 + later), out),
              "a host of later versions");
    require(out.abi_major == CRIA_ABI_MAJOR, "expected major version {}, got {}", CRIA_ABI_MAJOR,
            out.abi_major);
    stamped[later] = out.abi_minor;
  }
  require(stamped[0] == stamped[1] && stamped[0] < 90,
          "expected the plugin's own newest minor version for hosts up to 90 and up to 91, got {} and {}",
          stamped[0], stamped[1]);
}

void namesItself(const BackendSubject &subject) {
  const cria_plugin &plugin = subject.backend.plugin();
  require(plugin.name.size > 0 && plugin.version.size > 0 && plugin.description.size > 0,
          "expected name, version and description not to be empty");
}

void listsItsDevices(const BackendSubject &subject) {
  const cria_backend_api &api = subject.backend.api();
  uint32_t count = 0;
  requireOk(outcomeOf([&](cria_message *m) { return api.device_count(&count, m); }), "device_count");
  require(count >= 1, "device_count: expected at least one device, got none");
  for (uint32_t device = 0; device < count; ++device) {
    cria_device_info info{};
    info.struct_size = sizeof(info);
    requireOk(outcomeOf([&](cria_message *m) { return api.device_info(device, &info, m); }), "device_info");
    require(info.name.size > 0, "device {}: expected a name", device);
  }
  const cria_open_options options{
      .struct_size = sizeof(options), .device = count, .num_threads = 0, .flags = 0};
  cria_context *context = nullptr;
  const Outcome outcome = outcomeOf([&](cria_message *m) { return api.open(&options, &context, m); });
  require(!outcome.ok() && context == nullptr, "opening device {} of {}: expected a refusal", count, count);
  require(!outcome.message.empty(), "opening device {} of {}: expected a reason", count, count);
}

void downloadsWhatWasUploaded(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  for (const uint64_t size : {uint64_t{1}, uint64_t{63}, uint64_t{4096}, uint64_t{3} << 20}) {
    std::vector<std::byte> contents(size);
    for (size_t i = 0; i < size; ++i) {
      contents[i] = static_cast<std::byte>(i * 31 + 7);
    }
    cria_buffer *buffer = device.allocate(contents);
    require(device.download(buffer, size) == contents, "download of {} bytes: expected the uploaded bytes",
            size);
    if (const auto pointer = device.api().buffer_host_pointer) {
      const auto address = reinterpret_cast<uintptr_t>(pointer(device.context(), buffer));
      require(address % 64 == 0, "expected 64-byte aligned memory, got {:#x}", address);
    }
  }
}

void allocatesForEveryUsage(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  constexpr uint32_t unknown = 4711; // of a later version
  for (const uint32_t usage : {CRIA_BUFFER_GENERAL, CRIA_BUFFER_WEIGHTS, CRIA_BUFFER_KV_CACHE,
                               CRIA_BUFFER_ARENA, CRIA_BUFFER_STEP, unknown}) {
    const cria_buffer_info info{sizeof(info), usage, 256};
    cria_buffer *buffer = nullptr;
    requireOk(outcomeOf([&](cria_message *m) {
                return device.api().buffer_allocate(device.context(), &info, &buffer, m);
              }),
              fmt::format("a buffer of usage {}", usage));
    device.api().buffer_free(device.context(), buffer);
  }
}

void refusesImpossibleBuffers(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  cria_buffer *buffer = nullptr;
  const auto allocate = [&](uint64_t size) {
    return outcomeOf(
        [&](cria_message *m) { return allocateBuffer(device.api(), device.context(), size, &buffer, m); });
  };
  requireRefusal(allocate(0), CRIA_STATUS_INVALID_ARGUMENT, "", "a buffer of 0 bytes");
  for (const uint64_t size : {uint64_t{1} << 62, UINT64_MAX}) {
    requireRefusal(allocate(size), CRIA_STATUS_OUT_OF_MEMORY, std::to_string(size),
                   "a buffer larger than memory");
  }
  require(buffer == nullptr, "a refused buffer: expected no handle");
}

void importsAlignedMemoryForReading(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  const cria_backend_api &api = device.api();
  if (api.buffer_import == nullptr) {
    return; // optional: the host uploads
  }
  alignas(64) std::array<std::byte, 128> memory;
  memory.fill(std::byte{5});
  cria_buffer *buffer = nullptr;
  const auto import = [&](const std::byte *data) {
    return outcomeOf(
        [&](cria_message *m) { return api.buffer_import(device.context(), data, 64, &buffer, m); });
  };
  requireRefusal(import(memory.data() + 1), CRIA_STATUS_INVALID_ARGUMENT, "", "memory that is not aligned");
  requireOk(import(memory.data()), "aligned memory");
  require(device.download(buffer, 64) == std::vector<std::byte>(64, std::byte{5}),
          "download of imported memory: expected its bytes");
  requireRefusal(
      outcomeOf([&](cria_message *m) { return api.upload(device.queue(), buffer, 0, memory.data(), 1, m); }),
      CRIA_STATUS_INVALID_ARGUMENT, "", "an upload to imported, read-only memory");
  requireRefusal(outcomeOf([&](cria_message *m) { return api.fill(device.queue(), buffer, 0, 4, 0, m); }),
                 CRIA_STATUS_INVALID_ARGUMENT, "", "a fill of imported, read-only memory");
  api.buffer_free(device.context(), buffer);
}

struct Range {
  uint64_t offset;
  uint64_t size;
};
constexpr Range kOutside[] = {
    {0, 132}, {128, 4}, {132, 0}, {UINT64_MAX - 3, 4}, {4, UINT64_MAX - 3}, {UINT64_MAX - 3, UINT64_MAX - 3}};

void refusesTransfersOutsideABuffer(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  const cria_backend_api &api = device.api();
  cria_buffer *buffer = device.allocate(128);
  cria_buffer *large = device.allocate(4096);
  std::array<std::byte, 256> host{};
  for (const auto &[offset, size] : kOutside) {
    const auto refused = [&, o = offset, s = size](std::string_view what, const auto &call) {
      requireRefusal(outcomeOf([&](cria_message *m) { return call(o, s, m); }), CRIA_STATUS_INVALID_ARGUMENT,
                     "128", fmt::format("{} of {} bytes at {} of a buffer of 128", what, s, o));
    };
    refused("an upload", [&](uint64_t o, uint64_t s, cria_message *m) {
      return api.upload(device.queue(), buffer, o, host.data(), s, m);
    });
    refused("a download", [&](uint64_t o, uint64_t s, cria_message *m) {
      return api.download(device.queue(), buffer, o, host.data(), s, m);
    });
    refused("a fill", [&](uint64_t o, uint64_t s, cria_message *m) {
      return api.fill(device.queue(), buffer, o, s, 0, m);
    });
    if (size <= 4096) {
      refused("a copy to it", [&](uint64_t o, uint64_t s, cria_message *m) {
        return api.copy(device.queue(), buffer, o, large, 0, s, m);
      });
      refused("a copy from it", [&](uint64_t o, uint64_t s, cria_message *m) {
        return api.copy(device.queue(), large, 0, buffer, o, s, m);
      });
    }
  }
  requireOk(
      outcomeOf([&](cria_message *m) { return api.upload(device.queue(), buffer, 128, host.data(), 0, m); }),
      "an empty upload at the end");
}

void fillsAndCopiesInOrder(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  const cria_backend_api &api = device.api();
  cria_buffer *buffer = device.allocate(64);
  cria_buffer *other = device.allocate(64);
  requireOk(
      outcomeOf([&](cria_message *m) { return api.fill(device.queue(), buffer, 16, 32, 0x04030201, m); }),
      "a fill");
  requireOk(outcomeOf([&](cria_message *m) { return api.copy(device.queue(), other, 0, buffer, 8, 16, m); }),
            "a copy");
  for (const Range range : {Range{2, 4}, Range{0, 6}}) {
    requireRefusal(outcomeOf([&](cria_message *m) {
                     return api.fill(device.queue(), buffer, range.offset, range.size, 0, m);
                   }),
                   CRIA_STATUS_INVALID_ARGUMENT, "", "a fill of half a word");
  }
  const std::vector<std::byte> contents = device.download(other, 17);
  for (size_t i = 0; i < contents.size(); ++i) {
    const std::byte expected = i >= 8 && i < 16 ? static_cast<std::byte>(1 + i % 4) : std::byte{0xFF};
    require(contents[i] == expected, "byte {} after a fill and a copy: expected {}, got {}", i,
            static_cast<int>(expected), static_cast<int>(contents[i]));
  }
}

void signalsEvents(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  const cria_backend_api &api = device.api();
  cria_event *made = nullptr;
  requireOk(outcomeOf([&](cria_message *m) { return api.signal(device.queue(), &made, m); }), "signal");
  const std::unique_ptr<cria_event, void (*)(cria_event *)> event(made, api.event_free);
  constexpr uint64_t kMinuteNs = 60'000'000'000;
  for (const uint64_t timeout : {kMinuteNs, uint64_t{0}}) { // the event remains done
    requireOk(outcomeOf([&](cria_message *m) { return api.event_wait(event.get(), timeout, m); }),
              "waiting for an event of an idle queue");
  }
}

/// Checks that a message is truncated to its buffer, and that there need not be a buffer.
void truncatesMessages(const BackendSubject &subject) {
  Device device(subject.backend, subject.options());
  std::string text(16, '#');
  cria_message message{
      .struct_size = sizeof(message), .reserved = 0, .data = text.data(), .capacity = 5, .size = 0};
  cria_buffer *buffer = nullptr;
  require(allocateBuffer(device.api(), device.context(), 0, &buffer, &message) != CRIA_STATUS_OK,
          "a buffer of 0 bytes: expected a refusal");
  require(message.size <= 5, "message buffer of 5 bytes: expected a size of at most 5, got {}", message.size);
  require(text.substr(5) == std::string(11, '#'),
          "message buffer of 5 bytes: bytes after its end were written");
  require(allocateBuffer(device.api(), device.context(), 0, &buffer, nullptr) != CRIA_STATUS_OK,
          "a refusal without a message buffer: expected the same status");
}

constexpr struct {
  const char *name;
  void (*run)(const BackendSubject &);
} kContractCases[] = {
    {"query/names-itself", namesItself},
    {"query/refuses-hosts-of-other-versions", refusesHostsOfOtherVersions},
    {"query/negotiates-the-version", negotiatesTheVersion},
    {"devices/listed", listsItsDevices},
    {"buffers/upload-and-download", downloadsWhatWasUploaded},
    {"buffers/every-usage", allocatesForEveryUsage},
    {"buffers/impossible-ones-refused", refusesImpossibleBuffers},
    {"buffers/import", importsAlignedMemoryForReading},
    {"transfers/outside-refused", refusesTransfersOutsideABuffer},
    {"transfers/in-order", fillsAndCopiesInOrder},
    {"events/signal", signalsEvents},
    {"messages/truncated", truncatesMessages},
};

} // namespace

std::vector<Case> contractCases(const BackendSubject &subject) {
  std::vector<Case> cases = casesOf(kContractCases, &subject);
  for (Case &testCase : recordingCases(subject)) {
    cases.push_back(std::move(testCase));
  }
  return cases;
}

} // namespace cria::conformance

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases for command buffers that hold for every backend: copies and fills of bytes, cancellation, profiles,
// refusals.
#include "tools/cria-plugin-test/ContractCases.h"

#include <array>

namespace cria::conformance {
namespace {

constexpr uint64_t kBytes = 256;

/// A device with one buffer of 0xFF bytes, and two entries: one fills its second quarter, the other copies
/// that to the fourth.
struct Bytes {
  Device device;
  cria_buffer *buffer = device.allocate(kBytes);
  Entry fill{.kind = CRIA_ENTRY_FILL,
             .name = "clear",
             .operands = {window(64, 64, CRIA_ACCESS_WRITE)},
             .fillValue = 0x07070707};
  Entry copy{.kind = CRIA_ENTRY_COPY,
             .name = "move",
             .operands = {window(64, 64, CRIA_ACCESS_READ), window(192, 64, CRIA_ACCESS_WRITE)}};

  explicit Bytes(const BackendSubject &subject) : device(subject.backend, subject.options()) {}
  const cria_backend_api &api() const { return device.api(); }
  Operand window(uint64_t offset, uint64_t size, uint32_t access) const {
    return {.name = "window",
            .buffer = buffer,
            .offset = offset,
            .size = size,
            .type = CRIA_TYPE_U8,
            .shape = {size},
            .access = access};
  }
  Outcome recorded(const Entry &entry) { return Recording(device, nullptr, {entry}).outcome(); }
};

void replayFillsAndCopies(const BackendSubject &subject) {
  Bytes bytes(subject);
  Recording recording(bytes.device, nullptr, {bytes.fill, bytes.copy});
  requireOk(recording.outcome(), "recording a fill and a copy");
  for (int i = 0; i < 3; ++i) {
    requireOk(recording.replay(), "replay");
  }
  const std::vector<std::byte> contents = bytes.device.download(bytes.buffer, kBytes);
  for (size_t i = 0; i < contents.size(); ++i) {
    const std::byte expected = (i / 64) % 2 == 1 ? std::byte{7} : std::byte{0xFF};
    require(contents[i] == expected, "byte {} after replays: expected {}, got {}", i,
            static_cast<int>(expected), static_cast<int>(contents[i]));
  }
}

void refuseWindowsOutside(const BackendSubject &subject) {
  Bytes bytes(subject);
  const auto refused = [&](const Entry &entry, std::string_view what) {
    requireRefusal(bytes.recorded(entry), CRIA_STATUS_INVALID_ARGUMENT, "", what);
  };
  Entry copy = bytes.copy;
  copy.operands[1].offset = 224;
  refused(copy, "a copy to a window outside of the buffer");
  copy = bytes.copy;
  copy.operands[0].size = 32;
  refused(copy, "a copy between windows of different sizes");
  Entry fill = bytes.fill;
  fill.operands[0].offset = UINT64_MAX - 63;
  refused(fill, "a fill at an offset that overflows");
  fill.operands.clear();
  refused(fill, "a fill without a destination");
}

void stopWhenCancelled(const BackendSubject &subject) {
  Bytes bytes(subject);
  Recording recording(bytes.device, nullptr, {bytes.fill});
  const int32_t cancel = 1;
  requireRefusal(recording.replay(&cancel), CRIA_STATUS_CANCELLED, "",
                 "a replay with a cancel flag that is set");
  require(bytes.device.download(bytes.buffer, kBytes) == std::vector<std::byte>(kBytes, std::byte{0xFF}),
          "a replay with a cancel flag that is set: expected no writes");
  const int32_t proceed = 0;
  requireOk(recording.replay(&proceed), "a replay with a cancel flag that is 0");
}

void keepTimes(const BackendSubject &subject) {
  Bytes bytes(subject);
  const cria_backend_api &api = bytes.api();
  require((api.profile_enable == nullptr) == (api.profile_read == nullptr),
          "expected both profile_enable and profile_read, or neither");
  if (api.profile_enable == nullptr) {
    return; // optional
  }
  requireOk(outcomeOf([&](cria_message *m) { return api.profile_enable(bytes.device.queue(), 1, m); }),
            "profile_enable");
  Recording recording(bytes.device, nullptr, {bytes.fill, bytes.copy, bytes.fill});
  requireOk(recording.replay(), "a profiled replay");
  std::array<uint64_t, 4> times{};
  cria_profile profile{.struct_size = sizeof(profile), .num_entries = 2, .nanoseconds = times.data()};
  const auto read = [&] {
    return outcomeOf([&](cria_message *m) { return api.profile_read(bytes.device.queue(), &profile, m); });
  };
  requireRefusal(read(), CRIA_STATUS_INVALID_ARGUMENT, "", "profile_read of 3 entries into an array of 2");
  profile.num_entries = 4;
  requireOk(read(), "profile_read");
  require(profile.num_entries == 3, "profile_read: expected 3 entries, got {}", profile.num_entries);
}

void refuseUnknownKinds(const BackendSubject &subject) {
  Bytes bytes(subject);
  for (const uint32_t kind : {CRIA_ENTRY_COLLECTIVE, 99u}) {
    requireRefusal(bytes.recorded({.kind = kind, .name = "all_reduce"}), CRIA_STATUS_UNSUPPORTED,
                   "all_reduce", fmt::format("an entry of kind {}", kind));
  }
}

void refuseReservedFields(const BackendSubject &subject) {
  Bytes bytes(subject);
  const cria_backend_api &api = bytes.api();
  const cria_open_options options{
      .struct_size = sizeof(options), .device = 0, .num_threads = 0, .flags = 1u << 31};
  cria_context *context = nullptr;
  require(!outcomeOf([&](cria_message *m) { return api.open(&options, &context, m); }).ok(),
          "open with an unknown flag: expected a refusal");
  const cria_executable_info info{.struct_size = sizeof(info), .kernel_abi = 1, .format = {}, .features = {}};
  const cria_executable executable{.struct_size = sizeof(executable), .reserved = 1, .info = &info};
  cria_code *code = nullptr;
  requireRefusal(
      outcomeOf([&](cria_message *m) { return api.load(bytes.device.context(), &executable, &code, m); }),
      CRIA_STATUS_INVALID_ARGUMENT, "reserved", "code whose reserved field is not zero");
  cria_entry entry{.struct_size = sizeof(entry), .kind = CRIA_ENTRY_FILL, .reserved = 1};
  const cria_entry *entries[] = {&entry};
  const cria_record_info recorded{.struct_size = sizeof(recorded), .num_entries = 1, .entries = entries};
  cria_recording *recording = nullptr;
  requireRefusal(outcomeOf([&](cria_message *m) {
                   return api.record(bytes.device.context(), nullptr, &recorded, &recording, m);
                 }),
                 CRIA_STATUS_INVALID_ARGUMENT, "reserved", "an entry whose reserved field is not zero");
}

/// Checks that two sessions on the same device do not see each other's writes.
void isolateSessions(const BackendSubject &subject) {
  Bytes first(subject);
  Bytes second(subject);
  second.fill.fillValue = 0x09090909;
  Recording one(first.device, nullptr, {first.fill, first.copy});
  Recording other(second.device, nullptr, {second.fill, second.copy});
  for (Recording *recording : {&one, &other, &one}) {
    requireOk(recording->replay(), "interleaved replays of two sessions");
  }
  for (const auto &[bytes, expected] : {std::pair{&first, 7}, {&second, 9}}) {
    const std::vector<std::byte> contents = bytes->device.download(bytes->buffer, kBytes);
    require(contents[200] == static_cast<std::byte>(expected) && contents[0] == std::byte{0xFF},
            "interleaved replays of two sessions: one sees writes of the other");
  }
}

constexpr struct {
  const char *name;
  void (*run)(const BackendSubject &);
} kRecordingCases[] = {
    {"recordings/fill-and-copy", replayFillsAndCopies},
    {"recordings/outside-refused", refuseWindowsOutside},
    {"recordings/cancelled", stopWhenCancelled},
    {"recordings/timed", keepTimes},
    {"recordings/unknown-kinds-refused", refuseUnknownKinds},
    {"recordings/reserved-fields-refused", refuseReservedFields},
    {"recordings/sessions-isolated", isolateSessions},
};

} // namespace

std::vector<Case> recordingCases(const BackendSubject &subject) { return casesOf(kRecordingCases, &subject); }

} // namespace cria::conformance

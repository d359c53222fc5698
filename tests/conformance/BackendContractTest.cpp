// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What cria_plugin.h asks of every backend, whatever it runs: query, devices, buffers, transfers, events,
// recordings of copies and fills.
#include "DispatchHarness.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::Each;
using testing::HasSubstr;

// The backends under test; tests of a backend that needs more than its plugin compile this file with their
// own.
#ifndef CRIA_CONTRACT_BACKENDS
#define CRIA_CONTRACT_BACKENDS "cpu", "null", "reference"
#endif

namespace {

class BackendContract : public testing::TestWithParam<std::string> {
protected:
  const Backend &backend = Backend::named(GetParam());
  Device device{backend};
  const cria_backend_api &api = backend.api();
};
INSTANTIATE_TEST_SUITE_P(All, BackendContract, testing::Values(CRIA_CONTRACT_BACKENDS),
                         [](const auto &info) { return info.param; });

cria_host hostSpeaking(uint32_t major, uint32_t minorMin, uint32_t minorMax) {
  return {.struct_size = sizeof(cria_host),
          .abi_major = major,
          .abi_minor_min = minorMin,
          .abi_minor_max = minorMax};
}

TEST_P(BackendContract, NamesItself) {
  const cria_plugin &plugin = backend.plugin();
  EXPECT_EQ(std::string(plugin.name.data, plugin.name.size), GetParam());
  EXPECT_EQ(plugin.kind, CRIA_PLUGIN_BACKEND);
  EXPECT_EQ(plugin.abi_major, CRIA_ABI_MAJOR);
  EXPECT_EQ(plugin.abi_minor, CRIA_ABI_MINOR);
  EXPECT_GT(plugin.version.size, 0u);
  EXPECT_GT(plugin.description.size, 0u);
}

TEST_P(BackendContract, HasEveryRequiredFunction) {
  EXPECT_GE(api.struct_size, sizeof(cria_backend_api));
  EXPECT_NE(api.device_count, nullptr);
  EXPECT_NE(api.device_info, nullptr);
  EXPECT_NE(api.probe, nullptr);
  EXPECT_NE(api.open, nullptr);
  EXPECT_NE(api.load, nullptr);
  EXPECT_NE(api.record, nullptr);
  EXPECT_NE(api.event_wait, nullptr);
  EXPECT_NE(api.finish, nullptr);
}

TEST_P(BackendContract, RefusesHostsOfOtherVersions) {
  cria_plugin out{};
  for (const cria_host &host :
       {hostSpeaking(CRIA_ABI_MAJOR + 1, 0, 9), hostSpeaking(CRIA_ABI_MAJOR, CRIA_ABI_MINOR + 1, 99)}) {
    const Outcome outcome = backend.query(host, out);
    EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE);
    EXPECT_THAT(outcome.message, HasSubstr("ABI"));
  }
}

TEST_P(BackendContract, StampsTheVersionBothSidesSpeak) {
  cria_plugin out{};
  ASSERT_TRUE(backend.query(hostSpeaking(CRIA_ABI_MAJOR, 0, CRIA_ABI_MINOR + 5), out).ok());
  EXPECT_EQ(out.abi_minor, CRIA_ABI_MINOR);
}

TEST_P(BackendContract, OnlyTemplatesAndTheSimulatorAreLeftToExplicitChoice) {
  const bool isForDevelopers = GetParam() == "null" || GetParam() == "reference" || GetParam() == "gpusim";
  EXPECT_EQ((api.flags & CRIA_BACKEND_EXPLICIT_ONLY) != 0, isForDevelopers);
}

TEST_P(BackendContract, KnowsItsDevices) {
  uint32_t count = 0;
  ASSERT_EQ(api.device_count(&count, nullptr), CRIA_STATUS_OK);
  ASSERT_GE(count, 1u);
  cria_device_info info{};
  info.struct_size = sizeof(info);
  EXPECT_EQ(api.device_info(0, &info, nullptr), CRIA_STATUS_OK);
  EXPECT_GT(info.name.size, 0u);
  const cria_open_options options{
      .struct_size = sizeof(options), .device = count, .num_threads = 0, .flags = 0};
  cria_context *context = nullptr;
  const Outcome outcome =
      outcomeOf([&](cria_message *message) { return api.open(&options, &context, message); });
  EXPECT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.message, HasSubstr("device"));
  EXPECT_EQ(context, nullptr);
}

TEST_P(BackendContract, AlignsBuffersAndGivesBackWhatWasUploaded) {
  for (const uint64_t size : {uint64_t{1}, uint64_t{63}, uint64_t{4096}, uint64_t{3} << 20}) {
    std::vector<std::byte> contents(size);
    for (size_t i = 0; i < size; ++i) {
      contents[i] = static_cast<std::byte>(i * 31 + 7);
    }
    cria_buffer *buffer = device.allocate(contents);
    EXPECT_EQ(device.download(buffer, size), contents);
    if (api.buffer_host_pointer != nullptr) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(api.buffer_host_pointer(device.context(), buffer)) % 64, 0u);
    }
  }
}

TEST_P(BackendContract, RefusesEmptyAndImpossibleBuffers) {
  cria_buffer *buffer = nullptr;
  const auto allocate = [&](uint64_t size) {
    return outcomeOf(
        [&](cria_message *message) { return allocateBuffer(api, device.context(), size, &buffer, message); });
  };
  EXPECT_EQ(allocate(0).status, CRIA_STATUS_INVALID_ARGUMENT);
  for (const uint64_t size : {uint64_t{1} << 62, UINT64_MAX}) {
    const Outcome outcome = allocate(size);
    EXPECT_EQ(outcome.status, CRIA_STATUS_OUT_OF_MEMORY);
    EXPECT_THAT(outcome.message, HasSubstr(std::to_string(size)));
  }
  EXPECT_EQ(buffer, nullptr);
}

TEST_P(BackendContract, ImportsAlignedMemoryForReading) {
  if (api.buffer_import == nullptr) {
    GTEST_SKIP() << "the backend imports no memory";
  }
  alignas(64) std::array<std::byte, 128> memory;
  memory.fill(std::byte{5});
  cria_buffer *buffer = nullptr;
  EXPECT_EQ(api.buffer_import(device.context(), memory.data() + 1, 64, &buffer, nullptr),
            CRIA_STATUS_INVALID_ARGUMENT);
  ASSERT_EQ(api.buffer_import(device.context(), memory.data(), memory.size(), &buffer, nullptr),
            CRIA_STATUS_OK);
  EXPECT_THAT(device.download(buffer, memory.size()), Each(std::byte{5}));
  EXPECT_EQ(api.upload(device.queue(), buffer, 0, memory.data(), 1, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(api.fill(device.queue(), buffer, 0, 4, 0, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  api.buffer_free(device.context(), buffer);
}

struct Range {
  uint64_t offset;
  uint64_t size;
};
constexpr Range kOutside[] = {
    {0, 132}, {128, 4}, {132, 0}, {UINT64_MAX - 3, 4}, {4, UINT64_MAX - 3}, {UINT64_MAX - 3, UINT64_MAX - 3}};

TEST_P(BackendContract, RefusesTransfersOutsideABuffer) {
  cria_buffer *buffer = device.allocate(128);
  cria_buffer *large = device.allocate(4096);
  std::array<std::byte, 256> host{};
  for (const auto &[offset, size] : kOutside) {
    const auto expectRefusal = [&](const std::function<cria_status(cria_message *)> &call) {
      const Outcome outcome = outcomeOf(call);
      EXPECT_EQ(outcome.status, CRIA_STATUS_INVALID_ARGUMENT) << offset << " " << size;
      EXPECT_THAT(outcome.message, HasSubstr("128 bytes"));
    };
    expectRefusal([&, o = offset, s = size](cria_message *m) {
      return api.upload(device.queue(), buffer, o, host.data(), s, m);
    });
    expectRefusal([&, o = offset, s = size](cria_message *m) {
      return api.download(device.queue(), buffer, o, host.data(), s, m);
    });
    expectRefusal(
        [&, o = offset, s = size](cria_message *m) { return api.fill(device.queue(), buffer, o, s, 0, m); });
    if (size <= 4096) {
      expectRefusal([&, o = offset, s = size](cria_message *m) {
        return api.copy(device.queue(), buffer, o, large, 0, s, m);
      });
      expectRefusal([&, o = offset, s = size](cria_message *m) {
        return api.copy(device.queue(), large, 0, buffer, o, s, m);
      });
    }
  }
  EXPECT_EQ(api.upload(device.queue(), buffer, 128, host.data(), 0, nullptr),
            CRIA_STATUS_OK); // empty, at the end
}

TEST_P(BackendContract, FillsAndCopiesInOrder) {
  cria_buffer *buffer = device.allocate(64);
  cria_buffer *other = device.allocate(64);
  EXPECT_EQ(api.fill(device.queue(), buffer, 16, 32, 0x04030201, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(api.copy(device.queue(), other, 0, buffer, 8, 16, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(api.fill(device.queue(), buffer, 2, 4, 0, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(api.fill(device.queue(), buffer, 0, 6, 0, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  const std::vector<std::byte> contents = device.download(other, 17);
  for (size_t i = 0; i < contents.size(); ++i) {
    const std::byte expected = i >= 8 && i < 16 ? static_cast<std::byte>(1 + i % 4) : std::byte{0xFF};
    EXPECT_EQ(contents[i], expected) << i;
  }
}

TEST_P(BackendContract, SignalsEvents) {
  cria_event *event = nullptr;
  ASSERT_EQ(api.signal(device.queue(), &event, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(api.event_wait(event, UINT64_MAX, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(api.event_wait(event, 0, nullptr), CRIA_STATUS_OK); // still done
  api.event_free(event);
}

class Bytes : public BackendContract {
protected:
  cria_buffer *buffer = device.allocate(256);
  Operand window(uint64_t offset, uint64_t size, uint32_t access) {
    return {.name = "window",
            .buffer = buffer,
            .offset = offset,
            .size = size,
            .type = CRIA_TYPE_U8,
            .shape = {size},
            .access = access};
  }
  Entry fill{.kind = CRIA_ENTRY_FILL,
             .name = "clear",
             .operands = {window(64, 64, CRIA_ACCESS_WRITE)},
             .fillValue = 0x07070707};
  Entry copy{.kind = CRIA_ENTRY_COPY,
             .name = "move",
             .operands = {window(64, 64, CRIA_ACCESS_READ), window(192, 64, CRIA_ACCESS_WRITE)}};
};
INSTANTIATE_TEST_SUITE_P(All, Bytes, testing::Values(CRIA_CONTRACT_BACKENDS),
                         [](const auto &info) { return info.param; });

TEST_P(Bytes, AreFilledAndCopiedByRecordings) {
  Recording recording(device, nullptr, {fill, copy});
  ASSERT_TRUE(recording.outcome().ok()) << recording.outcome().message;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(recording.replay().ok());
  }
  const std::vector<std::byte> contents = device.download(buffer, 256);
  for (size_t i = 0; i < contents.size(); ++i) {
    EXPECT_EQ(contents[i], (i / 64) % 2 == 1 ? std::byte{7} : std::byte{0xFF}) << i;
  }
}

TEST_P(Bytes, OutsideTheirBufferAreRefused) {
  copy.operands[1].offset = 224;
  EXPECT_EQ(Recording(device, nullptr, {copy}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
  copy.operands[1].offset = 192;
  copy.operands[0].size = 32;
  EXPECT_EQ(Recording(device, nullptr, {copy}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
  fill.operands[0].offset = UINT64_MAX - 63;
  EXPECT_EQ(Recording(device, nullptr, {fill}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
  fill.operands.clear();
  EXPECT_EQ(Recording(device, nullptr, {fill}).outcome().status, CRIA_STATUS_INVALID_ARGUMENT);
}

TEST_P(Bytes, StayWhenTheReplayIsCancelledBefore) {
  Recording recording(device, nullptr, {fill});
  const int32_t cancel = 1;
  EXPECT_EQ(recording.replay(&cancel).status, CRIA_STATUS_CANCELLED);
  EXPECT_THAT(device.download(buffer, 256), Each(std::byte{0xFF}));
  const int32_t goOn = 0;
  EXPECT_TRUE(recording.replay(&goOn).ok());
}

TEST_P(Bytes, AreTimedPerEntry) {
  if (api.profile_enable == nullptr) {
    GTEST_SKIP() << "the backend keeps no time";
  }
  ASSERT_EQ(api.profile_enable(device.queue(), 1, nullptr), CRIA_STATUS_OK);
  Recording recording(device, nullptr, {fill, copy, fill});
  ASSERT_TRUE(recording.replay().ok());
  std::array<uint64_t, 4> times{};
  cria_profile profile{.struct_size = sizeof(profile), .num_entries = 2, .nanoseconds = times.data()};
  EXPECT_EQ(api.profile_read(device.queue(), &profile, nullptr), CRIA_STATUS_INVALID_ARGUMENT);
  profile.num_entries = 4;
  ASSERT_EQ(api.profile_read(device.queue(), &profile, nullptr), CRIA_STATUS_OK);
  EXPECT_EQ(profile.num_entries, 3u);
}

TEST_P(Bytes, InCollectivesAndUnknownKindsAreRefusedByName) {
  for (const uint32_t kind : {CRIA_ENTRY_COLLECTIVE, 99u}) {
    const Recording recording(device, nullptr, {{.kind = kind, .name = "all_reduce"}});
    EXPECT_EQ(recording.outcome().status, CRIA_STATUS_UNSUPPORTED);
    EXPECT_THAT(recording.outcome().message, HasSubstr("all_reduce"));
  }
}

TEST_P(Bytes, ReservedFieldsAndUnknownFlagsAreRefused) {
  const cria_open_options options{
      .struct_size = sizeof(options), .device = 0, .num_threads = 0, .flags = 1u << 31};
  cria_context *context = nullptr;
  EXPECT_FALSE(outcomeOf([&](cria_message *m) { return api.open(&options, &context, m); }).ok());
  const cria_executable_info info{.struct_size = sizeof(info), .kernel_abi = 1, .format = {}, .features = {}};
  const cria_executable executable{.struct_size = sizeof(executable), .reserved = 1, .info = &info};
  cria_code *code = nullptr;
  EXPECT_THAT(
      outcomeOf([&](cria_message *m) { return api.load(device.context(), &executable, &code, m); }).message,
      HasSubstr("reserved"));
  cria_entry entry{.struct_size = sizeof(entry), .kind = CRIA_ENTRY_FILL, .reserved = 1};
  const cria_entry *entries[] = {&entry};
  const cria_record_info recorded{.struct_size = sizeof(recorded), .num_entries = 1, .entries = entries};
  cria_recording *recording = nullptr;
  EXPECT_THAT(outcomeOf([&](cria_message *m) {
                return api.record(device.context(), nullptr, &recorded, &recording, m);
              }).message,
              HasSubstr("reserved"));
}

// A short message buffer is filled, never overrun; none at all is fine.
TEST_P(BackendContract, TruncatesMessages) {
  std::array<char, 16> text;
  text.fill('#');
  cria_message message{
      .struct_size = sizeof(message), .reserved = 0, .data = text.data(), .capacity = 5, .size = 0};
  cria_buffer *buffer = nullptr;
  EXPECT_NE(allocateBuffer(api, device.context(), 0, &buffer, &message), CRIA_STATUS_OK);
  EXPECT_EQ(message.size, 5u);
  EXPECT_EQ(std::string(text.data() + 5, 11), std::string(11, '#'));
  EXPECT_NE(allocateBuffer(api, device.context(), 0, &buffer, nullptr), CRIA_STATUS_OK);
}

} // namespace

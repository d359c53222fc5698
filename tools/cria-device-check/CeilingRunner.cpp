// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/CeilingRunner.h"

#include "tools/cria-device-check/CeilingKernels.h"
#include "tools/cria-device-check/SteadyTime.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace cria::check {
namespace {

using conformance::Entry;
using conformance::Operand;

constexpr double kNanosecondsInSecond = 1e9;
constexpr uint32_t kPattern = 0x5A5A5A5Au;

void requireGood(const conformance::Outcome &outcome, const std::string &what) {
  if (!outcome.ok()) {
    throw std::runtime_error(what + ": " + outcome.message);
  }
}

Operand operandOn(const char *name, cria_buffer *buffer, uint64_t bytes, uint32_t access) {
  return {.name = name,
          .buffer = buffer,
          .size = bytes,
          .type = CRIA_TYPE_U32,
          .shape = {bytes / sizeof(uint32_t)},
          .access = access};
}

std::vector<std::byte> bytesOf(const std::vector<uint32_t> &words) {
  std::vector<std::byte> bytes(words.size() * sizeof(uint32_t));
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

} // namespace

CeilingSizes CeilingSizes::ofDevice(uint32_t numSms, std::optional<uint64_t> l2Bytes) {
  constexpr uint64_t kMib = 1 << 20;
  constexpr uint64_t kMemory = 1024 * kMib, kMostInL2 = 8 * kMib;
  // A quarter of L2, since some devices have it in two halves, and keep a line in both.
  const uint64_t quarter = std::bit_floor(l2Bytes.value_or(4 * kMib) / 4);
  return {.numSms = numSms,
          .memoryBytes = kMemory,
          .l2Bytes = std::clamp<uint64_t>(quarter, kMib / 4, kMostInL2),
          .chaseSteps = 4000,
          .mmaRounds = 8192,
          .numDispatches = 200};
}

CeilingSizes CeilingSizes::small() {
  return {.numSms = 2,
          .memoryBytes = 1 << 19,
          .l2Bytes = 1 << 15,
          .chaseSteps = 64,
          .mmaRounds = 2,
          .numDispatches = 8};
}

uint64_t ReadShape::bytesPerSm() const {
  return uint64_t{blocksPerSm} * ReadKernel::kThreads * loads * ReadKernel::kLoadBytes;
}

CeilingRunner::CeilingRunner(const std::string &backend, uint32_t device,
                             const conformance::CompiledProgram &program, const CeilingSizes &sizes)
    : device_(conformance::Backend::named(backend), {.device = device}), sizes_(sizes) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = program.abiVersion,
                                  .format = {program.format.data(), program.format.size()},
                                  .features = {program.features.data(), program.features.size()}};
  std::vector<std::byte> code(program.code.size());
  std::memcpy(code.data(), program.code.data(), code.size());
  requireGood(device_.load(info, code, "", &code_), "load");
  memory_ = operandOn("memory", device_.allocateFilled(sizes_.memoryBytes, kPattern), sizes_.memoryBytes,
                      CRIA_ACCESS_READ);
}

Operand CeilingRunner::arguments(const std::vector<uint32_t> &words) {
  const std::vector<std::byte> bytes = bytesOf(words);
  return operandOn("arguments", device_.allocate(bytes), bytes.size(), CRIA_ACCESS_READ);
}

Entry CeilingRunner::entryOf(const std::string &kernel, uint32_t blocks, uint32_t threads,
                             std::vector<Operand> operands) const {
  return {.kind = CRIA_ENTRY_KERNEL,
          .name = kernel,
          .operands = std::move(operands),
          .grid = {blocks, 1, 1},
          .block = {threads, 1, 1}};
}

double CeilingRunner::readRate(const ReadShape &shape) {
  const uint32_t blocks = sizes_.numSms * shape.blocksPerSm;
  const uint64_t roundBytes = sizes_.numSms * shape.bytesPerSm(), rounds = sizes_.memoryBytes / roundBytes;
  if (rounds == 0) {
    throw std::runtime_error("expected a buffer of at least " + std::to_string(roundBytes) + " bytes, got " +
                             std::to_string(sizes_.memoryBytes));
  }
  const uint64_t threads = uint64_t{blocks} * ReadKernel::kThreads;
  const uint64_t outputBytes = threads * ReadKernel::kLoadBytes;
  const auto stride = static_cast<uint32_t>(outputBytes / sizeof(uint32_t));
  const double seconds = kernelSeconds(
      entryOf(ReadKernel{shape.loads}.name(), blocks, ReadKernel::kThreads,
              {arguments({static_cast<uint32_t>(rounds), stride}), memory_,
               operandOn("output", device_.allocateFilled(outputBytes, 0), outputBytes, CRIA_ACCESS_WRITE)}));
  return static_cast<double>(rounds * roundBytes) / seconds;
}

/// The difference of two command buffers is free of the time of a replay itself.
double CeilingRunner::launchGap() {
  setProfiling(false);
  const double few = replaySeconds(sizes_.numDispatches), many = replaySeconds(3 * sizes_.numDispatches);
  return (many - few) / (2 * sizes_.numDispatches);
}

double CeilingRunner::replaySeconds(uint32_t dispatches) {
  const Entry empty = entryOf(EmptyKernel::kName, sizes_.numSms, EmptyKernel::kThreads, {});
  conformance::Recording recording(device_, code_, std::vector<Entry>(dispatches, empty));
  requireGood(recording.outcome(), EmptyKernel::kName);
  return steadySeconds([&] {
    const auto start = std::chrono::steady_clock::now();
    requireGood(recording.replay(), EmptyKernel::kName);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  });
}

/// An odd step visits each of a power of two lines once. Neighbours in the chain are 64 KiB apart.
void CeilingRunner::makeChain(uint32_t lines) {
  constexpr uint32_t kStep = (64 << 10) / ChainKernel::kLineBytes + 1;
  Operand chain = memory_;
  chain.access = CRIA_ACCESS_WRITE;
  const Entry entry = entryOf(ChainKernel::kName, lines / ChainKernel::kThreads, ChainKernel::kThreads,
                              {arguments({lines, kStep % lines}), chain});
  requireGood(conformance::run(device_, code_, {entry}), ChainKernel::kName);
}

/// Every dispatch continues where the last one ended, so that L2 does not hold what it will load, unless it
/// holds the whole chain.
double CeilingRunner::loadLatency(uint64_t bytes) {
  setProfiling(false);
  makeChain(static_cast<uint32_t>(bytes / ChainKernel::kLineBytes));
  const Operand state = operandOn("state", device_.allocateFilled(sizeof(uint32_t), 0), sizeof(uint32_t),
                                  CRIA_ACCESS_READ_WRITE);
  return kernelSeconds(entryOf(ChaseKernel::kName, 1, ChaseKernel::kThreads,
                               {arguments({sizes_.chaseSteps}), memory_, state})) /
         sizes_.chaseSteps;
}

double CeilingRunner::mmaRate() {
  constexpr uint32_t kWarpThreads = 32;
  const uint64_t threads = uint64_t{sizes_.numSms} * MmaKernel::kThreads, bytes = threads * sizeof(float);
  const Operand output = operandOn("output", device_.allocateFilled(bytes, 0), bytes, CRIA_ACCESS_WRITE);
  const double seconds = kernelSeconds(
      entryOf(MmaKernel::kName, sizes_.numSms, MmaKernel::kThreads, {arguments({sizes_.mmaRounds}), output}));
  const uint64_t warps = threads / kWarpThreads;
  const double tiles = static_cast<double>(warps) * sizes_.mmaRounds * MmaKernel::kChains;
  return tiles * MmaKernel::kOperations / seconds;
}

void CeilingRunner::setProfiling(bool on) {
  const cria_backend_api &api = device_.api();
  if (api.profile_enable == nullptr || api.profile_read == nullptr) {
    throw std::runtime_error("backend does not support profiling");
  }
  requireGood(conformance::outcomeOf(
                  [&](cria_message *m) { return api.profile_enable(device_.queue(), on ? 1 : 0, m); }),
              "profile");
}

double CeilingRunner::kernelSeconds(const Entry &entry) {
  conformance::Recording recording(device_, code_, {entry});
  requireGood(recording.outcome(), entry.name);
  setProfiling(true);
  return steadySeconds([&] {
    requireGood(recording.replay(), entry.name);
    uint64_t nanoseconds = 0;
    cria_profile profile{.struct_size = sizeof(profile), .num_entries = 1, .nanoseconds = &nanoseconds};
    requireGood(conformance::outcomeOf([&](cria_message *m) {
                  return device_.api().profile_read(device_.queue(), &profile, m);
                }),
                "profile");
    return static_cast<double>(nanoseconds) / kNanosecondsInSecond;
  });
}

} // namespace cria::check

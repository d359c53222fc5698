// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `cpu`: runs compiled kernel libraries on a pool of threads. It has one device, the processor.
#include "InstructionSet.h"
#include "Machine.h"
#include "Recording.h"

namespace {

using namespace cria::cpu;
using cria::plugin::Check;

/// More than any machine has processors.
constexpr uint32_t kMaxThreads = 4096;

/// The functions of the backend (cria_backend.hpp).
struct CpuBackend : cria::plugin::HostMemory {
  static uint32_t deviceCount() { return 1; }

  static Check deviceInfo(uint32_t device, cria_device_info &out) {
    static const std::string kName = processorName();
    static const std::string kDescription =
        std::string(bestLevel()) + ", cores: " + std::to_string(availableCores());
    const Memory memory = readMemory();
    out.name = cria::plugin::string(kName);
    out.description = cria::plugin::string(kDescription);
    out.memory_bytes = memory.totalBytes;
    out.memory_free_bytes = memory.freeBytes;
    return cria::plugin::checkOnlyDevice(device, "cpu");
  }

  static Check probe(uint32_t device, const cria_executable_info &info, cria::plugin::CodeScore &out) {
    out = scoreCode(info);
    return cria::plugin::checkOnlyDevice(device, "cpu");
  }

  static Check open(const cria_open_options &options, std::unique_ptr<cria_context> &out) {
    Check check = cria::plugin::checkOnlyDevice(options.device, "cpu");
    if (!check.failed()) {
      check = cria::plugin::checkOpenFlags(options.flags, CRIA_OPEN_POISON_SCRATCH);
    }
    if (check.failed()) {
      return check;
    }
    if (options.num_threads > kMaxThreads) {
      return cria::plugin::invalid("expected at most " + std::to_string(kMaxThreads) + " threads, got " +
                                   std::to_string(options.num_threads));
    }
    out = std::make_unique<cria_context>(options.num_threads != 0 ? options.num_threads : availableCores());
    out->poisonScratch = (options.flags & CRIA_OPEN_POISON_SCRATCH) != 0;
    return {};
  }

  static Check load(cria_context &, const cria_executable &executable, std::unique_ptr<cria_code> &out) {
    out = std::make_unique<cria_code>();
    return KernelLibrary::load(executable, out->library);
  }

  static Check record(cria_context &context, cria_code *code, const cria_record_info &info,
                      std::unique_ptr<cria_recording> &out) {
    return recordEntries(context, code != nullptr ? code->library.get() : nullptr, info, out);
  }

  static Check replay(cria_queue &queue, cria_recording &recording, const int32_t *cancel) {
    return replayEntries(recording, cancel, queue.profile);
  }
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerBackend<CpuBackend>(host, out, message, "cpu", CRIA_VERSION,
                                                 "Compiled kernels on this machine's processor");
}

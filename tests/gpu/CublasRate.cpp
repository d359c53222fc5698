// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One product on a stream of its own, between two events.
#include "CublasRate.h"

#include "CublasApi.h"
#include "plugins/backends/cuda/Driver.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>
#include <random>
#include <stdexcept>

namespace cria::check {
namespace {

using namespace cuda;

constexpr int kRepetitions = 10;
constexpr double kMillisecondsPerSecond = 1e3;

template <typename Function> void resolve(void *library, const char *symbol, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (function == nullptr) {
    throw std::runtime_error(fmt::format("cuBLAS lacks {}", symbol));
  }
}

CublasApi openCublas() {
  const char *named = std::getenv("CRIA_CUBLAS");
  void *library = nullptr;
  for (const char *name : {named, "libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}) {
    library = library == nullptr && name != nullptr ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : library;
  }
  if (library == nullptr) {
    throw std::runtime_error("cuBLAS is not installed");
  }
  CublasApi cublas;
  resolve(library, "cublasCreate_v2", cublas.create);
  resolve(library, "cublasDestroy_v2", cublas.destroy);
  resolve(library, "cublasSetStream_v2", cublas.setStream);
  resolve(library, "cublasGemmEx", cublas.gemm);
  return cublas;
}

void require(const Check &check) {
  if (check.failed()) {
    throw std::runtime_error(check.text);
  }
}

/// A device whose context is current while this lives.
class CurrentDevice {
public:
  explicit CurrentDevice(uint32_t index) {
    require(openDriver(driver_));
    call(api().deviceGet(&device_, static_cast<int>(index)), "looking for the device");
    call(api().primaryCtxRetain(&context_, device_), "opening the device");
    call(api().ctxPushCurrent(context_), "making its context current");
    call(api().streamCreate(&stream_, kStreamNonBlocking), "making a stream");
  }
  ~CurrentDevice() {
    (void)api().streamDestroy(stream_);
    (void)api().ctxPopCurrent(&context_);
    (void)api().primaryCtxRelease(device_);
  }
  CurrentDevice(const CurrentDevice &) = delete;
  CurrentDevice &operator=(const CurrentDevice &) = delete;

  const DriverApi &api() const { return driver_.api; }
  StreamHandle stream() const { return stream_; }
  void call(Result result, const char *what) const { require(checkResult(api(), result, what)); }

private:
  Driver driver_;
  DeviceHandle device_ = 0;
  ContextHandle context_ = nullptr;
  StreamHandle stream_ = nullptr;
};

/// f16 numbers below 2 in magnitude, in memory of the device.
class Halves {
public:
  Halves(const CurrentDevice &device, uint64_t count) : device_(device) {
    const uint64_t bytes = (count / 2 + 1) * sizeof(uint32_t);
    device.call(device.api().memAlloc(&address_, bytes), "allocating matrices");
    std::mt19937 random(1);
    std::vector<uint32_t> words(bytes / sizeof(uint32_t));
    constexpr uint32_t kBelowTwo = 0xBFFFBFFFu; // without the highest bit of the exponents
    std::generate(words.begin(), words.end(), [&] { return static_cast<uint32_t>(random()) & kBelowTwo; });
    void *pinned = nullptr;
    device.call(device.api().memHostAlloc(&pinned, bytes, 0), "allocating pinned memory");
    const auto staging = own(pinned, device.api().memFreeHost);
    std::copy(words.begin(), words.end(), static_cast<uint32_t *>(pinned));
    device.call(device.api().memcpyHtoDAsync(address_, pinned, bytes, device.stream()), "upload");
    device.call(device.api().streamSynchronize(device.stream()), "upload");
  }
  ~Halves() { (void)device_.api().memFree(address_); }
  Halves(const Halves &) = delete;
  Halves &operator=(const Halves &) = delete;

  void *data() const { return reinterpret_cast<void *>(address_); }

private:
  const CurrentDevice &device_;
  DeviceAddress address_ = 0;
};

Owned<EventHandle> makeEvent(const CurrentDevice &device) {
  EventHandle event = nullptr;
  device.call(device.api().eventCreate(&event, kEventDefault), "making an event");
  return own(event, device.api().eventDestroy);
}

// Milliseconds of the fastest of several runs of work().
template <typename Work> float fastest(const CurrentDevice &device, const Work &work) {
  const auto start = makeEvent(device), end = makeEvent(device);
  float best = INFINITY;
  for (int i = 0; i <= kRepetitions; ++i) { // the first one warms up
    device.call(device.api().eventRecord(start.get(), device.stream()), "timing");
    work();
    device.call(device.api().eventRecord(end.get(), device.stream()), "timing");
    device.call(device.api().eventSynchronize(end.get()), "timing");
    float milliseconds = 0;
    device.call(device.api().eventElapsedTime(&milliseconds, start.get(), end.get()), "timing");
    best = i > 0 ? std::min(best, milliseconds) : best;
  }
  return best;
}

double measure(uint32_t index, uint64_t rows, uint64_t columns, uint64_t tokens) {
  const CublasApi cublas = openCublas();
  const CurrentDevice device(index);
  const Halves weights(device, rows * columns), inputs(device, columns * tokens),
      outputs(device, rows * tokens);
  CublasApi::Handle made = nullptr;
  const bool isMade = cublas.create(&made) == 0;
  const std::unique_ptr<void, int (*)(CublasApi::Handle)> handle(made, cublas.destroy);
  if (!isMade || cublas.setStream(made, device.stream()) != 0) {
    throw std::runtime_error("cuBLAS does not start");
  }
  const float one = 1, zero = 0;
  const int m = static_cast<int>(rows), n = static_cast<int>(tokens), k = static_cast<int>(columns);
  const float milliseconds = fastest(device, [&] {
    const int status = cublas.gemm(handle.get(), kCublasTranspose, kCublasKeep, m, n, k, &one, weights.data(),
                                   kCublasHalf, k, inputs.data(), kCublasHalf, k, &zero, outputs.data(),
                                   kCublasHalf, m, kCublasCompute32F, kCublasDefaultAlgorithm);
    if (status != 0) {
      throw std::runtime_error(fmt::format("cublasGemmEx answers {}", status));
    }
  });
  const double operations =
      2.0 * static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(tokens);
  return operations / (milliseconds / kMillisecondsPerSecond);
}

} // namespace

PeerRate measureCublas(uint32_t device, uint64_t rows, uint64_t columns, uint64_t tokens) {
  try {
    return {measure(device, rows, columns, tokens), ""};
  } catch (const std::runtime_error &failure) {
    return {0, failure.what()};
  }
}

} // namespace cria::check

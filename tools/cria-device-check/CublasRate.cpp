// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One product on a queue of the cuda backend, between two events.
#include "tools/cria-device-check/CublasRate.h"

#include "tools/cria-device-check/CublasApi.h"
#include "tools/cria-device-check/DriverQueue.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>
#include <random>
#include <stdexcept>

namespace cria::check {
namespace {

using namespace cuda;

template <typename Function> void resolve(void *library, const char *symbol, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (function == nullptr) {
    throw std::runtime_error(fmt::format("cuBLAS lacks {}", symbol));
  }
}

void *openLibrary() {
  void *library = nullptr;
  for (const char *name : {static_cast<const char *>(std::getenv("CRIA_CUBLAS")), "libcublas.so.13",
                           "libcublas.so.12", "libcublas.so.11"}) {
    library = library == nullptr && name != nullptr ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : library;
  }
  return library;
}

CublasApi resolveAll(void *library) {
  CublasApi cublas;
  resolve(library, "cublasCreate_v2", cublas.create);
  resolve(library, "cublasDestroy_v2", cublas.destroy);
  resolve(library, "cublasSetStream_v2", cublas.setStream);
  resolve(library, "cublasGemmEx", cublas.gemm);
  return cublas;
}

struct FreeBuffer {
  const DriverApi *api;
  void operator()(cria_buffer *buffer) const {
    (void)api->memFree(buffer->address);
    delete buffer;
  }
};
using Halves = std::unique_ptr<cria_buffer, FreeBuffer>;

/// Allocates device memory and fills it with f16 numbers below 2 in magnitude.
Halves makeHalves(cria_queue &queue, uint64_t count) {
  const uint64_t bytes = (count / 2 + 1) * sizeof(uint32_t);
  std::unique_ptr<cria_buffer> made;
  requireDriver(allocateBuffer(*queue.context, bytes, made));
  Halves halves(made.release(), {&queue.context->api});
  std::mt19937 random(1);
  std::vector<uint32_t> words(bytes / sizeof(uint32_t));
  constexpr uint32_t kBelowTwo = 0xBFFFBFFFu; // without the highest bit of the exponents
  std::generate(words.begin(), words.end(), [&] { return static_cast<uint32_t>(random()) & kBelowTwo; });
  requireDriver(upload(queue, *halves, 0, words.data(), bytes));
  return halves;
}

/// Returns operations per second.
double measureOn(DriverQueue &driver, const CublasApi &cublas, uint64_t rows, uint64_t columns,
                 uint64_t tokens) {
  cria_queue &queue = driver.queue();
  const Halves weights = makeHalves(queue, rows * columns), inputs = makeHalves(queue, columns * tokens),
               outputs = makeHalves(queue, rows * tokens);
  CublasApi::Handle made = nullptr;
  const bool isMade = cublas.create(&made) == 0;
  const std::unique_ptr<void, int (*)(CublasApi::Handle)> handle(made, cublas.destroy);
  if (!isMade || cublas.setStream(made, queue.stream.get()) != 0) {
    throw std::runtime_error("cuBLAS cannot be initialized");
  }
  const auto data = [](const Halves &halves) { return reinterpret_cast<void *>(halves->address); };
  const float one = 1, zero = 0;
  const int m = static_cast<int>(rows), n = static_cast<int>(tokens), k = static_cast<int>(columns);
  const double seconds = driver.secondsOf([&] {
    const int status = cublas.gemm(handle.get(), kCublasTranspose, kCublasKeep, m, n, k, &one, data(weights),
                                   kCublasHalf, k, data(inputs), kCublasHalf, k, &zero, data(outputs),
                                   kCublasHalf, m, kCublasCompute32F, kCublasDefaultAlgorithm);
    if (status != 0) {
      throw std::runtime_error(fmt::format("cublasGemmEx failed with status {}", status));
    }
  });
  const double multiplyAdds =
      static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(tokens);
  return 2 * multiplyAdds / seconds;
}

double measure(void *library, uint32_t device, uint64_t rows, uint64_t columns, uint64_t tokens) {
  const CublasApi cublas = resolveAll(library);
  DriverQueue driver(device);
  return measureOn(driver, cublas, rows, columns, tokens);
}

} // namespace

PeerRate measureCublas(uint32_t device, uint64_t rows, uint64_t columns, uint64_t tokens) {
  void *library = openLibrary();
  if (library == nullptr) {
    return {.reason = "cuBLAS is not installed", .isMissing = true};
  }
  try {
    return {.operationsPerSecond = measure(library, device, rows, columns, tokens), .reason = ""};
  } catch (const std::runtime_error &failure) {
    return {.reason = failure.what()};
  }
}

} // namespace cria::check

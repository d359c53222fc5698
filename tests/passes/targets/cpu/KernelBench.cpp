// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures the speed of kernels as fractions of the limits of this machine. Each kernel is timed between two
// timings of a probe: reads of memory with four streams per thread, or fused multiply-adds in registers.
// Usage:
//   cpu_kernel_bench [isa] [threads] [repetitions] [wall|cpu]
// `cpu` measures processor time, for machines with other load.
#include "passes/targets/cpu/CodedPanels.h"
#include "passes/targets/cpu/PackedRow.h"
#include "tests/passes/targets/cpu/KernelHarness.h"

#include "passes/targets/cpu/Emitter.h"

#include "llvm/ADT/StringExtras.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <thread>
#include <time.h>

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

constexpr int64_t kProbeBytes = int64_t(256) << 20;
constexpr int64_t kProbeSteps = 40'000'000;

/// x = one of the chunks of the buffer; sums 4 streams.
void emitReadProbe(mlir::ModuleOp kernels) {
  auto f32 = mlir::Float32Type::get(kernels.getContext());
  KernelFunction kernel(kernels, "probe_read", {{"data", f32}, {"output", f32, true}});
  Emitter &e = kernel.emitter();
  const int64_t stream = (1 << 20) / 4 / 4; // a chunk is 1 MiB
  Index base = kernel.x() * (4 * stream);
  Emitter::Values sums =
      e.loop(e.index(0), e.index(stream), 32, Emitter::Values(8, e.splat(0)),
             [&](Index i, llvm::ArrayRef<mlir::Value> in) {
               Emitter::Values sums(in);
               for (int64_t s = 0; s < 8; ++s) {
                 e.prefetch(kernel.buffer("data"), base + i + (s / 2 * stream + s % 2 * 16 + 512));
                 sums[s] =
                     e.add(sums[s], e.load(kernel.buffer("data"), base + i + (s / 2 * stream + s % 2 * 16)));
               }
               return sums;
             });
  for (int64_t s = 0; s < 8; ++s) {
    e.store(sums[s], kernel.buffer("output"), kernel.x() * 128 + s * 16);
  }
}

void emitFmaProbe(mlir::ModuleOp kernels, const Isa &isa) {
  auto f32 = mlir::Float32Type::get(kernels.getContext());
  KernelFunction kernel(kernels, "probe_fma", {{"output", f32, true}});
  Emitter &e = kernel.emitter();
  Emitter::Values sums(isa.accumulators, e.splat(0));
  mlir::Value a = e.load(kernel.buffer("output"), e.index(0)),
              b = e.load(kernel.buffer("output"), e.index(16));
  sums = e.loop(e.index(0), e.index(kProbeSteps / isa.accumulators), 1, sums,
                [&](Index, llvm::ArrayRef<mlir::Value> in) {
                  Emitter::Values out;
                  for (mlir::Value sum : in) {
                    out.push_back(e.fma(a, b, sum));
                  }
                  return out;
                });
  for (auto [i, sum] : llvm::enumerate(sums)) {
    e.store(sum, kernel.buffer("output"), kernel.x() * 1024 + int64_t(i) * 16);
  }
}

/// Sums of products of bytes, as linears on weights with codes make them; of each step 64.
void emitDotProbe(mlir::ModuleOp kernels, const Isa &isa) {
  mlir::Type i32 = mlir::IntegerType::get(kernels.getContext(), 32);
  mlir::Type i8 = mlir::IntegerType::get(kernels.getContext(), 8);
  KernelFunction kernel(kernels, "probe_dot", {{"output", i32, true}});
  Emitter &e = kernel.emitter();
  const CodedPanels panels(e, isa, traitsOf(WeightFormat::q4_0), 32, mlir::Value());
  Emitter::Values sums(isa.accumulators, e.splatInt(0));
  mlir::Value codes = e.bitcast(e.loadRaw(kernel.buffer("output"), e.index(0), 16), e.vectorOf(i8, 64));
  mlir::Value x = e.loadScalar(kernel.buffer("output"), e.index(16));
  sums = e.loop(e.index(0), e.index(kProbeSteps / isa.accumulators), 1, sums,
                [&](Index, llvm::ArrayRef<mlir::Value> in) {
                  Emitter::Values out;
                  for (mlir::Value sum : in) {
                    out.push_back(panels.dot(sum, codes, x));
                  }
                  return out;
                });
  for (auto [i, sum] : llvm::enumerate(sums)) {
    e.storeRaw(sum, kernel.buffer("output"), kernel.x() * 1024 + int64_t(i) * 16);
  }
}

/// Runs a grid on several threads, which take workgroups in order.
class Pool {
public:
  explicit Pool(int threads) : count(threads) {
    for (int i = 0; i < threads; ++i) {
      scratch.push_back(std::make_unique<Buffer<float>>(8 << 20, 0.f));
    }
  }
  double run(cria_kernel_fn kernel, std::vector<void *> bindings, int64_t x, int64_t y, int64_t z = 1) {
    double start = now();
    std::atomic<int64_t> next = 0;
    auto work = [&](int self) {
      DenormalsAreZero scope;
      for (int64_t i; (i = next++) < x * y * z;) {
        kernel(bindings.data(), scratch[self]->data(), i % x, i / x % y, i / x / y);
      }
    };
    std::vector<std::thread> threads;
    for (int i = 1; i < count; ++i) {
      threads.emplace_back(work, i);
    }
    work(0);
    for (std::thread &thread : threads) {
      thread.join();
    }
    return (now() - start) / (cpuTime ? count : 1);
  }
  double now() const {
    timespec time = {};
    clock_gettime(cpuTime ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
  }
  int count;
  bool cpuTime = false;
  std::vector<std::unique_ptr<Buffer<float>>> scratch;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Bench {
  Pool &pool;
  KernelLibrary &library;
  int repetitions;
  Buffer<float> probe{kProbeBytes / 4, 1.f};
  Buffer<float> sink{1 << 20, 0.5f};

  double readRate() {
    double seconds =
        pool.run(library.kernel("probe_read"), {probe.data(), sink.data()}, kProbeBytes >> 20, 1);
    return kProbeBytes / seconds;
  }
  double fmaRate() {
    double seconds = pool.run(library.kernel("probe_fma"), {sink.data()}, pool.count, 1);
    return pool.count * double(kProbeSteps) * 32 / seconds;
  }
  double dotRate() {
    double seconds = pool.run(library.kernel("probe_dot"), {sink.data()}, pool.count, 1);
    return pool.count * double(kProbeSteps) * 128 / seconds;
  }
  // The rates of the work and of the probe, and the median of their quotients.
  void compare(const std::string &name, const char *unit, const std::function<double()> &probeRate,
               const std::function<double()> &rate) {
    std::vector<double> rates, quotients;
    double before = probeRate();
    for (int i = 0; i < repetitions; ++i) {
      double measured = rate();
      double after = probeRate();
      rates.push_back(measured / 1e9);
      quotients.push_back(measured / ((before + after) / 2));
      before = after;
    }
    std::printf("%-56s %8.1f %s  %.3f of the probe (%.1f)\n", name.c_str(), median(rates), unit,
                median(quotients), median(rates) / median(quotients));
    std::fflush(stdout);
  }
};

void benchLinear(Bench &bench, const LinearSpec &spec, int64_t rows) {
  // Several copies of a small matrix, so that weights come from memory.
  const bool hasCodes = !isDense(spec.weight);
  const auto bytes = int64_t(
      arraysOf(spec.weight, PhysicalLayout::Kind::panel16, std::vector{spec.weightRows(), spec.inputs})[0]
          .size);
  const int64_t inputWords = hasCodes ? PackedRow{spec.inputs}.words() : spec.inputs;
  int64_t copies = spec.singleRow ? std::max<int64_t>(1, (int64_t(192) << 20) / bytes) : 1;
  Buffer<std::byte> weight(bytes * copies, std::byte{0x11});
  Buffer<float> input(rows * inputWords, hasCodes ? 0.0f : 0.5f), residual(rows * spec.outputs, 0.5f),
      output(rows * spec.outputs, 0.f);
  Buffer<uint32_t> step(16, uint32_t(rows));
  auto once = [&](int64_t copy) {
    std::vector<void *> bindings = {input.data(), weight.data() + copy * bytes};
    if (spec.residual) {
      bindings.push_back(residual.data());
    }
    bindings.push_back(output.data());
    bindings.push_back(step.data());
    return bench.pool.run(bench.library.kernel(spec.name()), bindings, spec.groups(),
                          (rows + spec.rowsPerWorkgroup() - 1) / spec.rowsPerWorkgroup());
  };
  auto all = [&] {
    double seconds = 0;
    for (int64_t copy = 0; copy < copies; ++copy) {
      seconds += once(copy);
    }
    return (spec.singleRow ? double(bytes) : 2.0 * rows * spec.inputs * spec.weightRows()) * copies / seconds;
  };
  std::string name = spec.name() + " rows " + std::to_string(rows);
  if (spec.singleRow) {
    bench.compare(name, "GB/s   ", [&] { return bench.readRate(); }, all);
  } else {
    bench.compare(name, "GFLOP/s", [&] { return hasCodes ? bench.dotRate() : bench.fmaRate(); }, all);
  }
}

/// The kernels that split a row over its context.
std::vector<AttentionSpec> splitKernels(AttentionSpec spec) {
  std::vector<AttentionSpec> kernels(2, spec);
  kernels[0].part = AttentionSpec::Part::segments;
  kernels[1].part = AttentionSpec::Part::merge;
  return kernels;
}

/// `kernels`: one that computes rows, or two that split them.
void benchAttention(Bench &bench, const std::vector<AttentionSpec> &kernels, int64_t rows,
                    int64_t firstPosition) {
  const AttentionSpec &spec = kernels.front();
  int64_t pages = (firstPosition + rows + 31) / 32;
  Buffer<std::byte> cache(pages * spec.kv.pageBytes(), std::byte{0x11});
  Buffer<float> query(rows * spec.heads * spec.kv.headDim, 0.01f), output(query.size(), 0.f);
  Buffer<float> partial(rows * spec.tiles() * spec.segments() * spec.resultSize(), 0.f);
  Buffer<int32_t> positions(rows), sequences(rows, 0), table(pages);
  Buffer<uint32_t> step(16, uint32_t(rows));
  for (int64_t t = 0; t < rows; ++t) {
    positions[t] = firstPosition + t;
  }
  for (int64_t p = 0; p < pages; ++p) {
    table[p] = pages - 1 - p;
  }
  const std::map<std::string, void *> operands = {
      {"query", query.data()},
      {"positions", positions.data()},
      {"sequences", sequences.data()},
      {"block_table", table.data()},
      {"cache", cache.data()},
      {"cache.scales", cache.data() + spec.kv.layerElementBytes(spec.kv.headElements())},
      {"partial", partial.data()},
      {"output", output.data()},
      {"step", step.data()}};
  auto run = [&] {
    double seconds = 0;
    for (const AttentionSpec &kernel : kernels) {
      std::vector<void *> bindings;
      for (const std::string &name : kernel.bindings()) {
        bindings.push_back(operands.at(name));
      }
      const bool isSplit = kernel.part == AttentionSpec::Part::segments;
      const int64_t blocks = (rows + kernel.rowBlock() - 1) / kernel.rowBlock();
      seconds += bench.pool.run(bench.library.kernel(kernel.name()), bindings,
                                isSplit ? kernel.splits() : blocks, kernel.tiles(), isSplit ? blocks : 1);
    }
    return seconds;
  };
  std::string name = spec.name() + " rows " + std::to_string(rows) + " from " + std::to_string(firstPosition);
  if (rows == 1) {
    double bytes = double(firstPosition + 1) * spec.kv.layerBytes(spec.kv.headElements()) / 32;
    bench.compare(name, "GB/s   ", [&] { return bench.readRate(); }, [&] { return bytes / run(); });
    return;
  }
  double pairs = rows * (firstPosition + (rows + 1) / 2.0);
  double work = 4 * pairs * spec.heads * spec.kv.headDim;
  bench.compare(name, "GFLOP/s", [&] { return bench.fmaRate(); }, [&] { return work / run(); });
}

} // namespace

int main(int argc, char **argv) {
  const Isa *isa = findIsa(argc > 1 ? argv[1] : "x86-64-v4");
  int threads = 2;
  int repetitions = 9;
  const bool areNumbers = (argc <= 2 || llvm::to_integer(argv[2], threads, 10)) &&
                          (argc <= 3 || llvm::to_integer(argv[3], repetitions, 10));
  if (!isa || !runsHere(*isa) || !areNumbers) {
    std::fprintf(stderr, "usage: cpu_kernel_bench [x86-64-v3|x86-64-v4|x86-64-v4-vnni] [threads] "
                         "[repetitions]; the level must run here\n");
    return 2;
  }
  std::vector<LinearSpec> single, all;
  for (WeightFormat type : {WeightFormat::f16, WeightFormat::f32}) {
    single.push_back({.inputs = 2048, .outputs = 2560, .weight = type, .singleRow = true});
    single.push_back({.inputs = 2048, .outputs = 2048, .weight = type, .residual = true, .singleRow = true});
    single.push_back({.inputs = 2048,
                      .outputs = 5632,
                      .weight = type,
                      .activation = llama::Activation::swiglu,
                      .singleRow = true});
    single.push_back({.inputs = 5632, .outputs = 2048, .weight = type, .residual = true, .singleRow = true});
  }
  for (WeightFormat type : {WeightFormat::q8_0, WeightFormat::q4_0, WeightFormat::iq4_xs, WeightFormat::q4_k,
                            WeightFormat::q6_k}) {
    single.push_back({.inputs = 2048, .outputs = 5632, .weight = type, .singleRow = true});
    all.push_back({.inputs = 2048, .outputs = 5632, .weight = type});
  }
  for (LinearSpec spec : llvm::ArrayRef(single).take_front(4)) {
    spec.singleRow = false;
    all.push_back(spec);
  }
  KvLayout tiny{{.layers = 22, .kvHeads = 4, .headDim = 64, .type = ElementType::f16}};
  KvLayout seven{{.layers = 1, .kvHeads = 32, .headDim = 128, .type = ElementType::f16}};
  AttentionSpec gqa{.kv = tiny, .heads = 32, .scale = 0.125f, .maxPages = 64};
  AttentionSpec mha{.kv = seven, .heads = 32, .scale = 0.088f, .maxPages = 64};
  AttentionSpec mhaRow = mha;
  mhaRow.singleRow = true;
  AttentionSpec gqaCodes = gqa, mhaRowCodes = mhaRow;
  gqaCodes.kv.type = mhaRowCodes.kv.type = ElementType::i8;
  auto start = std::chrono::steady_clock::now();
  KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) {
    emitReadProbe(kernels);
    emitFmaProbe(kernels, *isa);
    emitDotProbe(kernels, *isa);
    for (const LinearSpec &spec : single) {
      emitLinear(kernels, *isa, spec);
    }
    for (const LinearSpec &spec : all) {
      emitLinear(kernels, *isa, spec);
    }
    for (const AttentionSpec &spec : {gqa, mha, mhaRow, gqaCodes, mhaRowCodes}) {
      emitAttention(kernels, *isa, spec);
    }
    for (const AttentionSpec &shape : {gqa, mhaRow, gqaCodes}) {
      for (const AttentionSpec &spec : splitKernels(shape)) {
        emitAttention(kernels, *isa, spec);
      }
    }
  });
  std::printf("%zu kernels compiled in %.2f s\n", single.size() + all.size() + 11,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  Pool pool(threads);
  pool.cpuTime = argc > 4 && llvm::StringRef(argv[4]) == "cpu";
  Bench bench{pool, library, repetitions};
  for (const LinearSpec &spec : single) {
    benchLinear(bench, spec, 1);
  }
  for (const LinearSpec &spec : all) {
    benchLinear(bench, spec, 512);
  }
  for (int64_t rows : {1, 6, 12, 64}) {
    benchLinear(bench, all[all.size() - 2], rows);
  }
  benchAttention(bench, {gqa}, 1, 2047);
  benchAttention(bench, splitKernels(gqa), 1, 2047);
  benchAttention(bench, {gqa}, 512, 0);
  benchAttention(bench, {gqaCodes}, 1, 2047);
  benchAttention(bench, splitKernels(gqaCodes), 1, 2047);
  benchAttention(bench, {gqaCodes}, 512, 0);
  benchAttention(bench, {mhaRow}, 1, 2047);
  benchAttention(bench, splitKernels(mhaRow), 1, 2047);
  benchAttention(bench, {mhaRowCodes}, 1, 2047);
  benchAttention(bench, {mha}, 512, 0);
  return 0;
}

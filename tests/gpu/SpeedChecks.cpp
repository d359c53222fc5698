// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Speeds as fractions of what the same device did in the same run.
#include "Checks.h"
#include "LargeProduct.h"

#include "tests/conformance/ProgramRunner.h"
#include "tests/support/Process.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace cria::check {
namespace {

using conformance::Backend;
using conformance::Device;

constexpr double kGiga = 1e9;
constexpr uint64_t kCopyBytes = uint64_t{256} << 20;
constexpr double kProbeSeconds = 0.03; // long against a launch
constexpr int kMostCopies = 100;
constexpr int kRepetitions = 5;

/// Copies between two buffers, much larger than any cache.
class Copies {
public:
  explicit Copies(const CheckOptions &options)
      : device_(Backend::named(options.backend), {.device = options.device}),
        from_(device_.allocate(kCopyBytes)), to_(device_.allocate(kCopyBytes)) {}

  double seconds(int count) {
    const cria_backend_api &api = device_.api();
    const auto start = std::chrono::steady_clock::now();
    bool good = true;
    for (int i = 0; i < count; ++i) {
      good = good && api.copy(device_.queue(), to_, 0, from_, 0, kCopyBytes, nullptr) == CRIA_STATUS_OK;
    }
    if (!good || api.finish(device_.queue(), nullptr) != CRIA_STATUS_OK) {
      throw std::runtime_error("the device does not copy");
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

private:
  Device device_;
  cria_buffer *from_;
  cria_buffer *to_;
};

// Bytes a second, read and written both counted; the best of several.
double copyBandwidth(const CheckOptions &options) {
  Copies copies(options);
  const int count = std::clamp(static_cast<int>(kProbeSeconds / copies.seconds(1)), 1, kMostCopies);
  double best = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    best = std::max(best, 2.0 * kCopyBytes * count / copies.seconds(count));
  }
  return best;
}

// Operations a second of the kernel that takes longest; the best of several.
double productRate(const CheckOptions &options, const LargeProduct &product,
                   const conformance::CompiledProgram &program) {
  Device device(Backend::named(options.backend), {.device = options.device});
  conformance::ProgramRunner runner(device, program, product.tensors(), product.pages());
  const conformance::StepInputs step = product.step();
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < kRepetitions; ++i) {
    uint64_t longest = 0;
    for (const auto &[kernel, nanoseconds] : runner.times("prefill", step)) {
      longest = std::max(longest, nanoseconds);
    }
    best = std::min(best, longest);
  }
  return product.operations() / (static_cast<double>(best) / kGiga);
}

Row failedRow(const std::string &name, const std::string &target, const std::string &why) {
  return {"speed", name, target, Outcome::failed, why};
}

void measureCopies(const CheckOptions &options, Report &report) {
  const double rate = copyBandwidth(options);
  report.add({"speed",
              "copy",
              "",
              Outcome::measured,
              fmt::format("{:.1f} GB/s read and written", rate / kGiga),
              {{"gigabytes_per_second", rate / kGiga}}});
}

/// Measures each program and returns the best rate; 0 when there is none.
double measureProducts(const CheckOptions &options, Report &report) {
  double best = 0;
  forEachProgram(
      options, options.data / "speed",
      [&](const std::string &name, const std::string &target, const conformance::CompiledProgram &program) {
        const std::optional<LargeProduct> product = LargeProduct::named(name);
        if (product) {
          const double rate = productRate(options, *product, program);
          report.add({"speed",
                      name,
                      target,
                      Outcome::measured,
                      fmt::format("{:.1f} TFLOP/s f16", rate / kGiga / 1000),
                      {{"gigaflops", rate / kGiga}}});
          best = std::max(best, rate);
        }
      });
  return best;
}

std::string numberOr(const nlohmann::ordered_json &row, const char *name, double scale, const char *format) {
  return row.at(name).is_number() ? fmt::format(fmt::runtime(format), row.at(name).get<double>() * scale)
                                  : "—";
}

Row benchRow(const nlohmann::ordered_json &row, double productRate) {
  const bool isPrefill = row.at("phase") == "prefill";
  Row result{.section = "speed",
             .name = isPrefill ? fmt::format("prefill {}", row.at("tokens").get<int>())
                               : fmt::format("decode at {}", row.at("context").get<int>()),
             .target = row.at("target"),
             .outcome = Outcome::measured,
             .text = fmt::format("{} tok/s, {} GB/s, {} of copies",
                                 numberOr(row, "tokens_per_second", 1, "{:.1f}"),
                                 numberOr(row, "gigabytes_per_second", 1, "{:.1f}"),
                                 numberOr(row, "bandwidth_fraction", 100, "{:.1f} %")),
             .values = row};
  if (isPrefill && productRate > 0) {
    const double fraction = row.at("gigaflops").get<double>() * kGiga / productRate;
    result.text += fmt::format(", {:.1f} % of the large product", fraction * 100);
    result.values["product_fraction"] = fraction;
  }
  return result;
}

// Prompts from an empty context, tokens at each depth.
void bench(const CheckOptions &options, const std::string &prompts, const std::string &depths,
           uint32_t generate, double productRate, Report &report) {
  std::vector<std::string> arguments = {"bench",      (options.data / "speed" / "model.cria").string(),
                                        "--backend",  options.backend,
                                        "--device",   std::to_string(options.device),
                                        "--prompt",   prompts,
                                        "--depth",    depths,
                                        "--generate", std::to_string(generate),
                                        "--json",     "--quiet"};
  for (const std::filesystem::path &folder : options.pluginFolders) {
    arguments.insert(arguments.end(), {"--plugin-dir", folder.string()});
  }
  const auto program = options.program.parent_path().parent_path() / "bin" / "cria";
  const test::ProcessResult result = test::runProcess(program.string(), arguments);
  if (result.exitCode != 0) {
    report.add(failedRow("cria bench", "", result.errors));
    return;
  }
  for (const nlohmann::ordered_json &row : nlohmann::ordered_json::parse(result.output)) {
    report.add(benchRow(row, productRate));
  }
}

} // namespace

void measureSpeed(const CheckOptions &options, Report &report) {
  try {
    measureCopies(options, report);
    const double rate = measureProducts(options, report);
    bench(options, "0", options.depths, options.generate, rate, report);
    bench(options, options.prompts, "0", 0, rate, report);
    measureCopies(options, report); // whether the device was as fast at the end
  } catch (const std::exception &failure) {
    report.add(failedRow("speed", "", failure.what()));
  }
}

} // namespace cria::check

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures speeds, as fractions of the rates that the same device reached in the same run.
#include "support/Json.h"
#include "tools/cria-device-check/Checks.h"
#include "tools/cria-device-check/CublasRate.h"
#include "tools/cria-device-check/ProductRate.h"

#include "tests/testing/Process.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>

namespace cria::check {
namespace {

constexpr double kGiga = 1e9, kTera = 1e12;

Row failedRow(const std::string &name, const std::string &target, const std::string &why) {
  return {"speed", name, target, Outcome::failed, why};
}

/// Rates of a large matrix product in operations per second; 0: not measured.
struct ProductRates {
  double ours = 0;
  double cublas = 0;
};

Row productRow(const std::string &name, const std::string &target, double rate) {
  return {"speed",
          name,
          target,
          Outcome::measured,
          fmt::format("{:.1f} TFLOP/s f16", rate / kTera),
          {{"gigaflops", rate / kGiga}}};
}

/// A missing cuBLAS skips the row; any other reason fails it.
Row peerRow(const LargeProduct &product, const PeerRate &peer) {
  if (peer.reason.empty()) {
    return productRow(product.name(), "cuBLAS", peer.operationsPerSecond);
  }
  return {"speed", product.name(), "cuBLAS", peer.isMissing ? Outcome::skipped : Outcome::failed,
          peer.reason};
}

double measurePeer(const CheckOptions &options, const LargeProduct &product, Report &report) {
  const PeerRate peer = measureCublas(options.device, product.rows(), product.columns(), product.tokens());
  report.add(peerRow(product, peer));
  return peer.operationsPerSecond;
}

/// Measures the product with each program and with cuBLAS. Returns the best rate of each.
ProductRates measureProducts(const CheckOptions &options, Report &report) {
  ProductRates rates;
  std::optional<LargeProduct> product;
  forEachProgram(
      options, options.data / "speed",
      [&](const std::string &name, const std::string &target, const conformance::CompiledProgram &program) {
        product = LargeProduct::named(name);
        if (product) {
          const double rate = productRate(options, *product, program);
          report.add(productRow(name, target, rate));
          rates.ours = std::max(rates.ours, rate);
        }
      });
  const bool hasPeer = product && options.backend == "cuda";
  rates.cublas = hasPeer ? measurePeer(options, *product, report) : 0;
  return rates;
}

std::string numberOr(const Json &row, const char *name, double scale, const char *format) {
  return row.at(name).is_number() ? fmt::format(fmt::runtime(format), row.at(name).get<double>() * scale)
                                  : "—";
}

void addFraction(Row &row, const char *name, const char *of, double productRate) {
  if (productRate > 0) {
    const double fraction = row.values.at("gigaflops").get<double>() * kGiga / productRate;
    row.text += fmt::format(", {:.1f} % of {}", fraction * 100, of);
    row.values[name] = fraction;
  }
}

std::string nameOf(const Json &row) {
  if (row.at("phase") == "prefill") {
    return fmt::format("prefill {}", row.at("tokens").get<int>());
  }
  const int batch = row.at("batch").get<int>();
  return fmt::format("decode at {}{}", row.at("context").get<int>(),
                     batch == 1 ? "" : fmt::format(", batch {}", batch));
}

Row benchRow(const Json &row, const ProductRates &rates) {
  const bool isPrefill = row.at("phase") == "prefill";
  Row result{.section = "speed",
             .name = nameOf(row),
             .target = row.at("target"),
             .outcome = Outcome::measured,
             .text = fmt::format("{} tok/s, {} GB/s, {} of {} GB/s {}",
                                 numberOr(row, "tokens_per_second", 1, "{:.1f}"),
                                 numberOr(row, "gigabytes_per_second", 1, "{:.1f}"),
                                 numberOr(row, "bandwidth_fraction", 100, "{:.1f} %"),
                                 numberOr(row, "bandwidth_limit_gigabytes_per_second", 1, "{:.1f}"),
                                 row.at("bandwidth_limit_kind").get<std::string>()),
             .values = row};
  if (isPrefill) {
    addFraction(result, "product_fraction", "the large product", rates.ours);
    addFraction(result, "cublas_fraction", "cuBLAS", rates.cublas);
  } else {
    result.text += fmt::format(", {} host gap", numberOr(row, "host_gap_fraction", 100, "{:.1f} %"));
  }
  return result;
}

/// Arguments of `cria bench`.
struct BenchPlan {
  std::string prompts = "0", depths = "0", batches = "1";
  uint32_t generate = 0;
};

/// Keeps SIGINT from ending this process. Processes that it starts are ended by it.
class InterruptHold {
public:
  InterruptHold() {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptHold() { sigaction(SIGINT, &before_, nullptr); }
  InterruptHold(const InterruptHold &) = delete;
  InterruptHold &operator=(const InterruptHold &) = delete;

private:
  struct sigaction before_{};
};

void addRows(const std::string &json, const ProductRates &rates, Report &report) {
  const StatusOr<Json> rows = parseJson(json, "cria bench --json");
  if (!rows.ok()) {
    report.add(failedRow("cria bench", "", rows.status().message()));
    return;
  }
  for (const Json &row : *rows) {
    report.add(benchRow(row, rates));
  }
}

/// Returns false after an interrupt, upon which `cria bench` has printed the rows that it had measured.
bool bench(const CheckOptions &options, const BenchPlan &plan, const ProductRates &rates, Report &report) {
  constexpr int kInterrupted = 128 + SIGINT;
  std::vector<std::string> arguments = {"bench",      (options.data / "speed" / "model.cria").string(),
                                        "--backend",  options.backend,
                                        "--device",   std::to_string(options.device),
                                        "--prompt",   plan.prompts,
                                        "--depth",    plan.depths,
                                        "--batch",    plan.batches,
                                        "--generate", std::to_string(plan.generate),
                                        "--json",     "--quiet"};
  for (const std::filesystem::path &folder : options.pluginFolders) {
    arguments.insert(arguments.end(), {"--plugin-dir", folder.string()});
  }
  const auto program = options.program.parent_path().parent_path() / "bin" / "cria";
  const InterruptHold hold;
  const test::ProcessResult result = test::runProcess(program.string(), arguments);
  const bool isInterrupted = result.exitCode == kInterrupted;
  if (result.exitCode == 0 || (isInterrupted && !result.output.empty())) {
    addRows(result.output, rates, report);
  }
  if (result.exitCode != 0) {
    report.add(failedRow("cria bench", "", isInterrupted ? "interrupted" : result.errors));
  }
  return !isInterrupted;
}

} // namespace

void measureSpeed(const CheckOptions &options, Report &report) {
  try {
    const ProductRates rates = measureProducts(options, report);
    std::vector<BenchPlan> plans = {{.depths = options.depths, .generate = options.generate},
                                    {.prompts = options.prompts}};
    if (!options.batches.empty()) {
      const std::string depth = options.depths.substr(0, options.depths.find(','));
      plans.push_back({.depths = depth, .batches = options.batches, .generate = options.generate});
    }
    // Up to an interrupt.
    (void)std::all_of(plans.begin(), plans.end(),
                      [&](const BenchPlan &plan) { return bench(options, plan, rates, report); });
  } catch (const std::exception &failure) {
    report.add(failedRow("speed", "", failure.what()));
  }
}

} // namespace cria::check

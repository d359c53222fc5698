// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "BenchReport.h"

#include "runtime/package/Json.h"
#include "tools/terminal/JsonOutput.h"

#include <algorithm>
#include <functional>

namespace cria::cli {
namespace {

constexpr double kGiga = 1e9;

using Measure = std::function<double(const BenchSample &)>;

std::vector<double> valuesOf(const BenchRow &row, const Measure &measure) {
  std::vector<double> values;
  for (const BenchSample &sample : row.samples) {
    values.push_back(measure(sample));
  }
  return values;
}

std::vector<double> ratesOf(const BenchRow &row) {
  return valuesOf(row, [&](const BenchSample &sample) { return row.tokens * row.batch / sample.seconds; });
}

/// Medians over the samples; fractions are of the limits beside each sample.
struct Summary {
  double rate, spread, gigabytes, bandwidthFraction, gigaflops, computeFraction, bandwidthLimit, computeLimit;
};

Summary summarize(const BenchRow &row) {
  const auto medianOf = [&](const Measure &measure) { return median(valuesOf(row, measure)); };
  const std::vector<double> rates = ratesOf(row);
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  return {
      .rate = median(rates),
      .spread = *high - *low,
      .gigabytes = medianOf([&](const BenchSample &s) { return row.bytes / s.seconds / kGiga; }),
      .bandwidthFraction =
          medianOf([&](const BenchSample &s) { return row.bytes / s.seconds / s.bandwidthLimit; }),
      .gigaflops = medianOf([&](const BenchSample &s) { return row.operations / s.seconds / kGiga; }),
      .computeFraction =
          medianOf([&](const BenchSample &s) { return row.operations / s.seconds / s.computeLimit; }),
      .bandwidthLimit = medianOf([](const BenchSample &s) { return s.bandwidthLimit / kGiga; }),
      .computeLimit = medianOf([](const BenchSample &s) { return s.computeLimit / kGiga; }),
  };
}

} // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string benchTable(const OpenedModel &opened, const std::vector<BenchRow> &rows) {
  std::string text = fmt::format("{} · {} on {} ({}) · cria {}\n",
                                 printable(opened.package->manifest().model.name), opened.model->targetName(),
                                 opened.model->backendName(), opened.model->deviceName(), CRIA_VERSION);
  text += fmt::format("{:<8} {:>7} {:>8} {:>6} {:>11} {:>9} {:>8} {:>10} {:>9} {:>10}\n", "phase", "tokens",
                      "context", "batch", "tok/s", "spread", "GB/s", "of limit", "GFLOP/s", "of limit");
  for (const BenchRow &row : rows) {
    const Summary s = summarize(row);
    text += fmt::format("{:<8} {:>7} {:>8} {:>6} {:>11.2f} {:>9.2f} {:>8.2f} {:>9.1f}% {:>9.1f} {:>9.1f}%\n",
                        row.phase, row.tokens, row.context, row.batch, s.rate, s.spread, s.gigabytes,
                        s.bandwidthFraction * 100, s.gigaflops, s.computeFraction * 100);
  }
  const Summary last = summarize(rows.back());
  text += fmt::format("limits measured beside the samples (last row): {:.1f} GB/s, {:.0f} GFLOP/s f32\n",
                      last.bandwidthLimit, last.computeLimit);
  return text;
}

std::string benchJson(const OpenedModel &opened, uint32_t threads, const std::vector<BenchRow> &rows) {
  auto json = nlohmann::ordered_json::array();
  const Manifest &manifest = opened.package->manifest();
  for (const BenchRow &row : rows) {
    const Summary s = summarize(row);
    json.push_back({{"phase", row.phase},
                    {"tokens", row.tokens},
                    {"context", row.context},
                    {"batch", row.batch},
                    {"tokens_per_second", s.rate},
                    {"samples", ratesOf(row)},
                    {"gigabytes_per_second", s.gigabytes},
                    {"bandwidth_fraction", s.bandwidthFraction},
                    {"gigaflops", s.gigaflops},
                    {"compute_fraction", s.computeFraction},
                    {"bandwidth_limit_gigabytes_per_second", s.bandwidthLimit},
                    {"compute_limit_gigaflops", s.computeLimit},
                    {"model", manifest.model.name},
                    {"parameters", manifest.model.parameters()},
                    {"target", opened.model->targetName()},
                    {"backend", opened.model->backendName()},
                    {"weights", manifest.options.weights},
                    {"kv", manifest.options.kv},
                    {"threads", threads},
                    {"machine", opened.model->deviceName()},
                    {"compiler", manifest.compiler},
                    {"version", CRIA_VERSION},
                    {"commit", CRIA_COMMIT}});
  }
  return jsonText(json, 2);
}

std::string profileTable(const Model &model) {
  const std::vector<ProfileRow> rows = model.profile();
  uint64_t total = 0;
  for (const ProfileRow &row : rows) {
    total += row.nanoseconds;
  }
  std::string text = fmt::format("{:<10} {:<48} {:>8} {:>10} {:>7} {:>8}\n", "entry", "kernel", "calls", "ms",
                                 "share", "GB/s");
  for (const ProfileRow &row : rows) {
    const double seconds = static_cast<double>(row.nanoseconds) / 1e9;
    text += fmt::format(
        "{:<10} {:<48} {:>8} {:>10.2f} {:>6.1f}% {:>8.2f}\n", row.entry, row.name, row.calls, seconds * 1e3,
        total == 0 ? 0 : static_cast<double>(row.nanoseconds) * 100 / static_cast<double>(total),
        seconds == 0 ? 0 : static_cast<double>(row.bytes) / seconds / kGiga);
  }
  return text;
}

} // namespace cria::cli

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "BenchReport.h"

#include "KernelReport.h"
#include "support/Json.h"
#include "tools/terminal/JsonOutput.h"

#include <algorithm>

namespace cria::cli {
namespace {

constexpr double kGiga = 1e9;

/// Empty: not measured, or no peak to compare it with.
using Value = std::optional<double>;

template <typename Measure> std::vector<double> valuesOf(const BenchRow &row, const Measure &measure) {
  std::vector<double> values;
  for (const BenchSample &sample : row.samples) {
    if (const Value value = measure(sample)) {
      values.push_back(*value);
    }
  }
  return values;
}

std::vector<double> ratesOf(const BenchRow &row) {
  return valuesOf(row, [&](const BenchSample &sample) { return row.tokens * row.batch / sample.seconds; });
}

Value inGiga(Value value) { return value ? Value(*value / kGiga) : std::nullopt; }

Value fractionOf(double value, Value limit) { return limit ? Value(value / *limit) : std::nullopt; }

/// The two are measured at slightly different times, so without a gap the difference may be negative.
Value hostGapOf(const BenchSample &sample) {
  return sample.queuedSeconds ? Value(std::max(0.0, 1 - *sample.queuedSeconds / sample.seconds))
                              : std::nullopt;
}

/// Medians over the samples; fractions are of the peak measured next to each sample.
struct Summary {
  double rate, spread, gigabytes, gigaflops;
  Value bandwidthFraction, computeFraction, bandwidthLimit, computeLimit; // limits in giga
  Value hostGap;
};

Summary summarize(const BenchRow &row) {
  const auto medianOf = [&](const auto &measure) {
    const std::vector<double> values = valuesOf(row, measure);
    return values.empty() ? std::nullopt : Value(median(values));
  };
  const auto bandwidth = [&](const BenchSample &s) { return row.bytes / s.seconds; };
  const auto compute = [&](const BenchSample &s) { return row.operations / s.seconds; };
  const std::vector<double> rates = ratesOf(row);
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  return {
      .rate = median(rates),
      .spread = *high - *low,
      .gigabytes = *medianOf(bandwidth) / kGiga,
      .gigaflops = *medianOf(compute) / kGiga,
      .bandwidthFraction =
          medianOf([&](const BenchSample &s) { return fractionOf(bandwidth(s), s.peak.bandwidth); }),
      .computeFraction =
          medianOf([&](const BenchSample &s) { return fractionOf(compute(s), s.peak.compute); }),
      .bandwidthLimit = inGiga(medianOf([](const BenchSample &s) { return s.peak.bandwidth; })),
      .computeLimit = inGiga(medianOf([](const BenchSample &s) { return s.peak.compute; })),
      .hostGap = medianOf(hostGapOf),
  };
}

std::string_view bandwidthKind(const BenchRow &row) { return row.peakOf == PeakOf::host ? "read" : "copy"; }

/// Products of bytes are no floating-point operations.
std::string_view unitOf(const BenchRow &row) { return row.products == "int8" ? "GOP/s" : "GFLOP/s"; }

std::string numberText(Value value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "—";
}

std::string percentText(Value fraction) { return fraction ? fmt::format("{:.1f}%", *fraction * 100) : "—"; }

nlohmann::ordered_json jsonOf(Value value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// The column of the gap exists only if it was measured.
std::string tableHeader(std::string_view unit, bool hasGap) {
  return fmt::format("{:<8} {:>7} {:>8} {:>6} {:>11} {:>9} {:>8} {:>10} {:>9} {:>10}{}\n", "phase", "tokens",
                     "context", "batch", "tok/s", "spread", "GB/s", "of limit", unit, "of limit",
                     hasGap ? fmt::format(" {:>9}", "host gap") : "");
}

std::string tableRow(const BenchRow &row, bool hasGap) {
  const Summary s = summarize(row);
  return fmt::format("{:<8} {:>7} {:>8} {:>6} {:>11.2f} {:>9.2f} {:>8.2f} {:>10} {:>9.1f} {:>10}{}\n",
                     row.phase, row.tokens, row.context, row.batch, s.rate, s.spread, s.gigabytes,
                     percentText(s.bandwidthFraction), s.gigaflops, percentText(s.computeFraction),
                     hasGap ? fmt::format(" {:>9}", percentText(s.hostGap)) : "");
}

} // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string benchTable(const LoadedModel &opened, const std::vector<BenchRow> &rows) {
  std::string text = fmt::format(
      "{} · {} on {} ({}) · cria {}\n", printable(opened.package().manifest().model.name),
      opened.model().targetName(), opened.model().backendName(), opened.model().deviceName(), CRIA_VERSION);
  const bool hasGap =
      std::any_of(rows.begin(), rows.end(), [](const BenchRow &row) { return summarize(row).hostGap; });
  const std::string_view unit = unitOf(rows.back());
  text += tableHeader(unit, hasGap);
  for (const BenchRow &row : rows) {
    text += tableRow(row, hasGap);
  }
  const Summary last = summarize(rows.back());
  text += fmt::format("limits measured next to the samples (last row): {} GB/s {}, {} {} {}\n",
                      numberText(last.bandwidthLimit, 1), bandwidthKind(rows.back()),
                      numberText(last.computeLimit, 0), unit, rows.back().products);
  for (const BenchRow &row : rows) {
    text += kernelTable(opened.model().program(), row);
  }
  return text;
}

std::string benchJson(const LoadedModel &opened, uint32_t threads, const std::vector<BenchRow> &rows) {
  auto json = nlohmann::ordered_json::array();
  const Manifest &manifest = opened.package().manifest();
  for (const BenchRow &row : rows) {
    const Summary s = summarize(row);
    json.push_back({{"phase", row.phase},
                    {"tokens", row.tokens},
                    {"context", row.context},
                    {"batch", row.batch},
                    {"tokens_per_second", s.rate},
                    {"samples", ratesOf(row)},
                    {"gigabytes_per_second", s.gigabytes},
                    {"bandwidth_fraction", jsonOf(s.bandwidthFraction)},
                    {"gigaflops", s.gigaflops},
                    {"compute_fraction", jsonOf(s.computeFraction)},
                    {"bandwidth_limit_kind", bandwidthKind(row)},
                    {"bandwidth_limit_gigabytes_per_second", jsonOf(s.bandwidthLimit)},
                    {"compute_limit_kind", row.products},
                    {"compute_limit_gigaflops", jsonOf(s.computeLimit)},
                    {"host_gap_fraction", jsonOf(s.hostGap)},
                    {"model", manifest.model.name},
                    {"parameters", manifest.model.parameters()},
                    {"target", opened.model().targetName()},
                    {"backend", opened.model().backendName()},
                    {"weights", manifest.options.weights},
                    {"kv", manifest.options.kv},
                    {"threads", threads},
                    {"machine", opened.model().deviceName()},
                    {"compiler", manifest.compiler},
                    {"version", CRIA_VERSION},
                    {"commit", CRIA_COMMIT}});
    addKernels(opened.model().program(), row, json.back());
  }
  return jsonText(json, 2);
}

} // namespace cria::cli

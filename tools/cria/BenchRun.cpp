// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "BenchRun.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace cria::cli {
namespace {

/// Steps are queued for so long that the time to start and to wait is negligible.
constexpr double kQueuedSeconds = 0.05;
constexpr double kMinQueuedSteps = 4;
constexpr double kMaxQueuedSteps = 64;
/// All kernels of a step are replayed for about so long.
constexpr double kKernelSeconds = 0.2;
constexpr double kMaxKernelReplays = 20;

/// Arbitrary token ids, the same in every run.
std::vector<int32_t> makeTokens(uint32_t count, uint32_t vocabSize) {
  std::vector<int32_t> tokens(count);
  for (uint32_t i = 0; i < count; ++i) {
    tokens[i] = static_cast<int32_t>((uint64_t{i} * 7919 + 13) % vocabSize);
  }
  return tokens;
}

/// Positions that `batch` sequences attend to: each token attends to itself and to all before it.
double attendedPositions(uint32_t tokens, uint32_t depth, uint32_t batch) {
  return batch * (static_cast<double>(tokens) * depth + tokens * (tokens + 1.0) / 2);
}

template <typename Work> StatusOr<double> timeWork(const Work &work) {
  const auto start = std::chrono::steady_clock::now();
  CRIA_RETURN_IF_ERROR(work());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::optional<double> meanOf(std::optional<double> before, std::optional<double> after) {
  return before && after ? std::optional((*before + *after) / 2) : std::nullopt;
}

void truncateAll(std::vector<Session> &sessions, uint32_t length) {
  for (Session &session : sessions) {
    session.truncate(length);
  }
}

Status ignoreLogits(uint32_t, std::span<const float>) { return {}; }

} // namespace

StatusOr<BenchRow> BenchRun::prefill(uint32_t tokens, uint32_t depth, uint32_t batch) {
  const double rows = static_cast<double>(tokens) * batch;
  BenchRow row{.phase = "prefill", .tokens = tokens, .context = depth, .batch = batch};
  row.bytes = std::ceil(rows / model_.limits().maxTokens) * cost_.weightBytes("prefill") +
              cost_.kvBytes(batch * (tokens + depth));
  row.operations = cost_.linearOperations(rows, batch) +
                   cost_.attentionOperations(attendedPositions(tokens, depth, batch));
  const std::vector<int32_t> ids = makeTokens(tokens, model_.vocabSize());
  const auto run = [&](Sessions &sessions) { return prefillTogether(sessions, ids); };
  CRIA_RETURN_IF_ERROR(measure(row, {.run = run, .runToStep = run, .measureMore = {}}));
  return row;
}

StatusOr<BenchRow> BenchRun::decode(uint32_t tokens, uint32_t depth, uint32_t batch) {
  const double rows = static_cast<double>(tokens) * batch;
  const double attended = attendedPositions(tokens, depth, batch);
  BenchRow row{.phase = "decode", .tokens = tokens, .context = depth, .batch = batch};
  row.bytes = tokens * cost_.weightBytes(batch == 1 ? "decode" : "small") + cost_.kvBytes(attended);
  row.operations = cost_.linearOperations(rows, rows) + cost_.attentionOperations(attended);
  const std::vector<int32_t> ids = makeTokens(tokens, model_.vocabSize());
  const std::span<const int32_t> half = std::span(ids).first((ids.size() + 1) / 2);
  Work work{.run = [&](Sessions &sessions) { return decodeTogether(sessions, ids); },
            .runToStep = [&](Sessions &sessions) { return decodeTogether(sessions, half); },
            .measureMore = {}};
  if (options_.measuresHostGap) {
    work.measureMore = [&](Sessions &sessions, BenchSample &sample) {
      CRIA_RETURN_IF_ERROR(work.runToStep(sessions));
      return measureQueuedSteps(tokens, sample);
    };
  }
  CRIA_RETURN_IF_ERROR(measure(row, work));
  return row;
}

/// Fills each step with the remaining tokens of the prompts, in order, as the engine does.
Status BenchRun::prefillTogether(Sessions &sessions, std::span<const int32_t> ids) {
  const uint32_t depth = sessions.front().length();
  const auto left = [&](const Session &session) { return ids.subspan(session.length() - depth); };
  while (!left(sessions.back()).empty()) {
    std::vector<StepItem> items;
    size_t room = model_.limits().maxTokens;
    for (Session &session : sessions) {
      const std::span<const int32_t> rest = left(session);
      const size_t count = std::min(rest.size(), room);
      if (count > 0) {
        items.push_back({&session, rest.first(count), count == rest.size() ? 1u : 0u});
        room -= count;
      }
    }
    CRIA_RETURN_IF_ERROR(stepper_.run(Phase::prefill, items, cancel_).status());
  }
  return {};
}

Status BenchRun::decodeTogether(Sessions &sessions, std::span<const int32_t> ids) {
  for (const int32_t &id : ids) {
    std::vector<StepItem> items;
    for (Session &session : sessions) {
      items.push_back({&session, {&id, 1}, 1});
    }
    CRIA_RETURN_IF_ERROR(stepper_.run(Phase::decode, items, cancel_).status());
  }
  return {};
}

/// Measures the last step without host overhead: runs it many times back to back. In a row for decoding it is
/// the one in the middle, whose attention is the mean of all steps.
Status BenchRun::measureQueuedSteps(uint32_t steps, BenchSample &sample) {
  const double stepSeconds = sample.seconds / steps;
  const double count = std::clamp(std::round(kQueuedSeconds / stepSeconds), kMinQueuedSteps, kMaxQueuedSteps);
  CRIA_ASSIGN_OR_RETURN(const double seconds,
                        timeWork([&] { return model_.repeatStep(static_cast<uint32_t>(count)); }));
  sample.queuedSeconds = seconds / count * steps;
  return {};
}

/// Makes sessions with `row.context` positions filled, which share no pages.
StatusOr<BenchRun::Sessions> BenchRun::makeSessions(const BenchRow &row) {
  Sessions sessions;
  const std::vector<int32_t> ids = makeTokens(row.context, model_.vocabSize());
  for (uint32_t i = 0; i < row.batch; ++i) {
    sessions.emplace_back(model_);
    if (row.context > 0) {
      CRIA_RETURN_IF_ERROR(sessions.back().prefill(ids, ignoreLogits, false, cancel_));
    }
  }
  return sessions;
}

/// Runs one repetition and restores the sessions. The caller adds the peak to the sample.
StatusOr<BenchSample> BenchRun::repeat(const BenchRow &row, const Work &work, Sessions &sessions) {
  BenchSample sample;
  CRIA_ASSIGN_OR_RETURN(sample.seconds, timeWork([&] { return work.run(sessions); }));
  truncateAll(sessions, row.context);
  if (work.measureMore) {
    CRIA_RETURN_IF_ERROR(work.measureMore(sessions, sample));
    truncateAll(sessions, row.context);
  }
  return sample;
}

/// Times the step and then each of its kernels, and restores the sessions.
StatusOr<StepKernels> BenchRun::timeKernels(const Work &work, Sessions &sessions) {
  const uint32_t length = sessions.front().length();
  CRIA_RETURN_IF_ERROR(work.runToStep(sessions));
  CRIA_ASSIGN_OR_RETURN(const double once, timeWork([&] { return model_.repeatStep(1); }));
  const auto count =
      static_cast<uint32_t>(std::clamp(std::round(kKernelSeconds / once), 1.0, kMaxKernelReplays));
  StepKernels step;
  CRIA_ASSIGN_OR_RETURN(step.seconds, timeWork([&] { return model_.repeatStep(count); }));
  step.seconds /= count;
  CRIA_ASSIGN_OR_RETURN(step.kernels, model_.timeKernels(count));
  truncateAll(sessions, length);
  return step;
}

/// The first run is not counted: it records command buffers and touches all memory.
Status BenchRun::measure(BenchRow &row, const Work &work) {
  row.peakOf = peak_.whose();
  row.products = peak_.products();
  CRIA_ASSIGN_OR_RETURN(Sessions sessions, makeSessions(row));
  CRIA_RETURN_IF_ERROR(repeat(row, work, sessions).status());
  CRIA_ASSIGN_OR_RETURN(PeakSample before, peak_.measure());
  for (uint32_t repetition = 0; repetition < options_.repetitions; ++repetition) {
    CRIA_ASSIGN_OR_RETURN(BenchSample sample, repeat(row, work, sessions));
    CRIA_ASSIGN_OR_RETURN(const PeakSample after, peak_.measure());
    sample.peak = {.bandwidth = meanOf(before.bandwidth, after.bandwidth),
                   .compute = meanOf(before.compute, after.compute)};
    row.samples.push_back(sample);
    before = after;
  }
  if (options_.timesKernels) {
    CRIA_ASSIGN_OR_RETURN(row.step, timeKernels(work, sessions));
  }
  return {};
}

} // namespace cria::cli

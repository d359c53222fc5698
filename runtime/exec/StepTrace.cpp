// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/StepTrace.h"

#include "runtime/exec/Model.h"

#include <algorithm>

namespace cria {
namespace {

enum TraceTrack : uint32_t { stepTrack = 1, kernelTrack = 2, hostTrack = 3 };

OrderedJson aboutModel(const Model &model) {
  return {{"program", "cria " CRIA_VERSION},
          {"model", model.manifest().model.name},
          {"target", model.targetName()},
          {"backend", model.backendName()},
          {"device", model.deviceName()}};
}

OrderedJson argumentsOf(const StepTimes &step) {
  return {{"entry", step.entry},        {"tokens", step.numTokens},       {"rows", step.numRows},
          {"outputs", step.numOutputs}, {"sequences", step.numSequences}, {"context", step.numPositions}};
}

OrderedJson argumentsOf(const DispatchTime &dispatch, std::string_view entry) {
  OrderedJson arguments = {{"entry", entry}, {"dispatch", dispatch.index}};
  if (dispatch.layer) {
    arguments["layer"] = *dispatch.layer;
  }
  arguments["grid"] = dispatch.grid;
  arguments["bytes_read"] = dispatch.bytesRead;
  arguments["bytes_written"] = dispatch.bytesWritten;
  return arguments;
}

} // namespace

StatusOr<std::unique_ptr<StepTrace>> StepTrace::create(const std::string &path, const Model &model,
                                                       Clock::time_point origin) {
  CRIA_ASSIGN_OR_RETURN(
      TraceEventFile file,
      TraceEventFile::create(path, "cria " + model.manifest().model.name, aboutModel(model)));
  file.addTrack(stepTrack, "steps");
  file.addTrack(kernelTrack, "kernels");
  file.addTrack(hostTrack, "host");
  return std::unique_ptr<StepTrace>(new StepTrace(std::move(file), origin));
}

StepObserver StepTrace::observer() {
  return [this](const StepTimes &step) { add(step); };
}

void StepTrace::add(const StepTimes &step) {
  file_.addSlice({.track = stepTrack,
                  .name = step.phase == Phase::prefill ? "prefill" : "decode",
                  .startNs = sinceOrigin(step.start),
                  .endNs = sinceOrigin(step.end),
                  .arguments = argumentsOf(step)});
  addKernels(step);
  addHostWork("prepare step", step.start, step.replayStart);
  addHostWork("wait for step", step.replayStart, step.end);
  addHostWorkUntilNow("write trace");
}

void StepTrace::addKernels(const StepTimes &step) {
  const uint64_t end = sinceOrigin(step.end);
  uint64_t start = sinceOrigin(step.replayStart);
  for (const DispatchTime &dispatch : step.dispatches) {
    const uint64_t kernelEnd = start + std::min(dispatch.nanoseconds, end - start);
    file_.addSlice({.track = kernelTrack,
                    .name = dispatch.kernel,
                    .startNs = start,
                    .endNs = kernelEnd,
                    .arguments = argumentsOf(dispatch, step.entry)});
    start = kernelEnd;
  }
}

void StepTrace::addHostWork(std::string_view name, Clock::time_point start, Clock::time_point end) {
  file_.addSlice(
      {.track = hostTrack, .name = name, .startNs = sinceOrigin(start), .endNs = sinceOrigin(end)});
  hostEnd_ = end;
}

uint64_t StepTrace::sinceOrigin(Clock::time_point time) const {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time - origin_).count());
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Complete events (ph X) and metadata events (ph M), one on a line. Times are in microseconds.
#include "support/TraceEventFile.h"

namespace cria {
namespace {

constexpr size_t kBufferBytes = 64 << 10; // so that system calls are few
constexpr uint32_t kProcess = 1;
constexpr uint32_t kNoTrack = 0; // of metadata of the process

double traceMicroseconds(uint64_t ns) { return static_cast<double>(ns) / 1e3; }

std::string lineOf(const OrderedJson &value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

} // namespace

StatusOr<TraceEventFile> TraceEventFile::create(const std::string &path, std::string_view process,
                                                const OrderedJson &about) {
  CRIA_ASSIGN_OR_RETURN(OutputFile output, OutputFile::create(path));
  TraceEventFile file(std::move(output));
  file.append("{\"displayTimeUnit\":\"ns\",\"otherData\":" + lineOf(about) + ",\"traceEvents\":[");
  file.addMetadata(kNoTrack, "process_name", {{"name", process}});
  return file;
}

void TraceEventFile::addTrack(uint32_t track, std::string_view name) {
  addMetadata(track, "thread_name", {{"name", name}});
  addMetadata(track, "thread_sort_index", {{"sort_index", track}});
}

void TraceEventFile::addMetadata(uint32_t track, std::string_view name, OrderedJson arguments) {
  addEvent({{"name", name}, {"ph", "M"}, {"pid", kProcess}, {"tid", track}, {"args", std::move(arguments)}});
}

void TraceEventFile::addSlice(const TraceSlice &slice) {
  addEvent({{"name", slice.name},
            {"ph", "X"},
            {"ts", traceMicroseconds(slice.startNs)},
            {"dur", traceMicroseconds(slice.endNs - slice.startNs)},
            {"pid", kProcess},
            {"tid", slice.track},
            {"args", slice.arguments}});
}

void TraceEventFile::addEvent(const OrderedJson &event) {
  append(hasEvents_ ? ",\n" : "\n");
  append(lineOf(event));
  hasEvents_ = true;
}

void TraceEventFile::append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) {
    flush();
  }
}

void TraceEventFile::flush() {
  if (status_.ok()) {
    status_ = file_.append(std::as_bytes(std::span(buffer_)));
  }
  buffer_.clear();
}

Status TraceEventFile::finish() {
  append("\n]}\n");
  flush();
  CRIA_RETURN_IF_ERROR(status_);
  return file_.finish();
}

} // namespace cria

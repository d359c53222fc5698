// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TraceEventFile: a timeline in the JSON object format of the Trace Event Format, which Perfetto and
// chrome://tracing open.
#pragma once

#include "support/Json.h"
#include "support/OutputFile.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace cria {

/// An event on a track. Events of a track either follow each other or lie within each other.
struct TraceSlice {
  uint32_t track = 0;
  std::string_view name;
  uint64_t startNs = 0;
  uint64_t endNs = 0;                            // >= startNs
  OrderedJson arguments = OrderedJson::object(); // what a viewer shows of the event
};

/// One process with numbered tracks. Events are written as they are added; a buffer of fixed size is all that
/// is kept of them. After an error of writing, the others have no effect, and finish() returns the error.
/// Without finish(), no file is left (see OutputFile). Invalid UTF-8 becomes U+FFFD. Not thread-safe.
class TraceEventFile {
public:
  /// process: the name that a viewer shows. about: an object with further facts about it. Errors: those of
  /// OutputFile::create().
  static StatusOr<TraceEventFile> create(const std::string &path, std::string_view process,
                                         const OrderedJson &about);

  /// Names a track. Viewers show tracks in the order of their numbers, which begin with 1.
  void addTrack(uint32_t track, std::string_view name);
  void addSlice(const TraceSlice &slice);
  /// Completes the file and gives it its name. Call it once, last. Errors: io.
  Status finish();

private:
  explicit TraceEventFile(OutputFile file) : file_(std::move(file)) {}
  void addMetadata(uint32_t track, std::string_view name, OrderedJson arguments);
  void addEvent(const OrderedJson &event);
  void append(std::string_view text);
  void flush();

  OutputFile file_;
  std::string buffer_;
  bool hasEvents_ = false;
  Status status_; // of writing
};

} // namespace cria

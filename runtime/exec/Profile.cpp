// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/Profile.h"

#include <algorithm>

namespace cria {

Status Profile::add(const CommandBuffer &commandBuffer, const StepPositions &positions, Device &device) {
  nanoseconds_.resize(commandBuffer.dispatches.size());
  CRIA_RETURN_IF_ERROR(device.readProfile(nanoseconds_));
  for (size_t i = 0; i < commandBuffer.dispatches.size(); ++i) {
    const ProgramDispatch &dispatch = commandBuffer.entry->dispatches[commandBuffer.dispatches[i]];
    ProfileRow &row = rows_[{commandBuffer.entry, dispatch.kernel}];
    if (row.calls == 0) {
      row.entry = commandBuffer.entry->name;
      row.name = program_.kernels[dispatch.kernel].name;
    }
    ++row.calls;
    row.nanoseconds += nanoseconds_[i];
    const DispatchBytes bytes = bytesOf(program_, commandBuffer, positions, dispatch);
    row.bytesRead += bytes.read;
    row.bytesWritten += bytes.written;
  }
  return {};
}

std::vector<ProfileRow> Profile::rows() const {
  std::vector<ProfileRow> rows;
  for (const auto &[key, row] : rows_) {
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ProfileRow &a, const ProfileRow &b) { return a.nanoseconds > b.nanoseconds; });
  return rows;
}

} // namespace cria

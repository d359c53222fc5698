// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A checked list of op calls, copied from the host's entries.
#pragma once

#include "OpTable.h"
#include "plugins/api/cria_host_backend.hpp"

#include <memory>
#include <vector>

namespace cria::reference {

/// Op, or copy and fill of raw bytes.
struct RecordedEntry {
  uint32_t kind = CRIA_ENTRY_OP;
  const OpImplementation *op = nullptr;
  OpCall call;
  std::byte *destination = nullptr;
  const std::byte *source = nullptr;
  uint64_t size = 0;
  uint32_t fillValue = 0;
};

} // namespace cria::reference

struct cria_recording {
  std::vector<cria::reference::RecordedEntry> entries;
};

namespace cria::reference {

/// Checks every entry against the opset. Errors: UNSUPPORTED and INVALID_ARGUMENT, naming entry, op and
/// operand.
cria_status recordEntries(const cria_record_info &info, std::unique_ptr<cria_recording> &out,
                          cria_message *message);

} // namespace cria::reference

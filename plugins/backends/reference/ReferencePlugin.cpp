// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `reference`: runs programs of target `ops` in scalar f32. It is the oracle that other backends
// are compared with, and is used only if it is named.
#include "OpTable.h"

#include "plugins/sdk/cria_ops_backend.hpp"

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerOpsBackend(host, out, message, CRIA_VERSION,
                                        "Scalar f32 interpreter of the opset, the oracle for other backends",
                                        {.name = "reference",
                                         .device = "host memory",
                                         .deviceDescription = "scalar f32, one thread",
                                         .ops = cria::reference::allOps(),
                                         .opset = cria::opset::kVersion,
                                         .score = 10,
                                         .flags = CRIA_BACKEND_EXPLICIT_ONLY});
}

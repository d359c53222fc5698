// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/Descriptor.h"

#include <cerrno>
#include <unistd.h>

namespace cria {

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    int before = errno; // callers report the errno of an earlier call
    close(number_);
    errno = before;
  }
}

} // namespace cria

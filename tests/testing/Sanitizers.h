// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which sanitizer a test runs under.
#pragma once

namespace cria::test {

/// AddressSanitizer slows tests five to ten times, so cases alike are thinned out under it.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kUnderAddressSanitizer = true;
#else
constexpr bool kUnderAddressSanitizer = false;
#endif

} // namespace cria::test

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine that this program runs on, in the terms of plugin manifests.
#pragma once

#include <string_view>

namespace cria {

#if defined(__x86_64__)
inline constexpr std::string_view kHostArch = "x86_64";
#elif defined(__aarch64__)
inline constexpr std::string_view kHostArch = "aarch64";
#else
#error "Cria runs on x86_64 and aarch64"
#endif
inline constexpr std::string_view kHostOs = "linux";

/// Returns whether processor and operating system support a feature, e.g. "avx2" or "x86-64-v3"; false for
/// unknown names. Thread-safe.
bool cpuHas(std::string_view feature);

} // namespace cria

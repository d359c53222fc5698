// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CancelFlag: a flag that another thread or a signal handler sets to cancel running work.
// Public: included by runtime/cria.h.
#pragma once

#include <atomic>
#include <cstdint>

namespace cria {

/// Thread-safe.
class CancelFlag {
public:
  /// Safe to call in a signal handler.
  void set() { value_.store(1, std::memory_order_relaxed); }
  void clear() { value_.store(0, std::memory_order_relaxed); }
  bool isSet() const { return value_.load(std::memory_order_relaxed) != 0; }

  /// The `cancel` argument of cria_backend_api::replay. Valid as long as the flag.
  const int32_t *address() const { return reinterpret_cast<const int32_t *>(&value_); }

private:
  std::atomic<int32_t> value_ = 0;
  static_assert(std::atomic<int32_t>::is_always_lock_free && sizeof(std::atomic<int32_t>) == sizeof(int32_t));
};

} // namespace cria

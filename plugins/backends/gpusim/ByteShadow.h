// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations on shadow arrays, which hold one element per byte of memory. Accesses of 4 or 16 bytes whose
// elements are all equal, which are the most frequent, are special cases.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cria::gpusim {

/// In the record of a write: it was atomic, so other atomic accesses are no race.
inline constexpr uint32_t kAtomicBit = 0x80000000u;

/// Returns whether all `size` bytes from `shadow` on equal `value`.
inline bool allBytesAre(const uint8_t *shadow, uint64_t size, uint8_t value) {
  const uint64_t pattern = 0x0101010101010101u * value;
  while (size >= sizeof(pattern)) {
    if (std::memcmp(shadow, &pattern, sizeof(pattern)) != 0) {
      return false;
    }
    shadow += sizeof(pattern);
    size -= sizeof(pattern);
  }
  if (size == sizeof(uint32_t)) {
    return std::memcmp(shadow, &pattern, sizeof(uint32_t)) == 0;
  }
  return std::memcmp(shadow, &pattern, size) == 0;
}

/// The compiler vectorizes loops of constant length.
template <uint64_t count> inline bool equalRecords(const uint32_t *records) {
  uint32_t difference = 0;
  for (uint64_t i = 0; i < count; ++i) {
    difference |= records[i] ^ records[0];
  }
  return difference == 0;
}

template <uint64_t count> inline void setRecords(uint32_t *records, uint32_t value) {
  for (uint64_t i = 0; i < count; ++i) {
    records[i] = value;
  }
}

/// Returns whether all `count` records are equal. REQUIRES: count > 0
inline bool allRecordsEqual(const uint32_t *records, uint64_t count) {
  switch (count) {
  case 4:
    return equalRecords<4>(records);
  case 8:
    return equalRecords<8>(records);
  case 16:
    return equalRecords<16>(records);
  default:
    return std::all_of(records, records + count, [&](uint32_t record) { return record == *records; });
  }
}

inline void fillRecords(uint32_t *records, uint64_t count, uint32_t value) {
  switch (count) {
  case 4:
    return setRecords<4>(records, value);
  case 8:
    return setRecords<8>(records, value);
  case 16:
    return setRecords<16>(records, value);
  default:
    std::fill_n(records, count, value);
  }
}

/// Replaces each record by update(record), which gives the same result for equal records, and may return
/// false to stop. Returns whether all records were updated.
template <typename Update> bool updateRecords(uint32_t *records, uint64_t count, Update update) {
  if (allRecordsEqual(records, count)) {
    uint32_t record = records[0];
    if (!update(record)) {
      return false;
    }
    if (record != records[0]) {
      fillRecords(records, count, record);
    }
    return true;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!update(records[i])) {
      return false;
    }
  }
  return true;
}

} // namespace cria::gpusim

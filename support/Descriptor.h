// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Descriptor: an open file or folder that is closed with the object.
#pragma once

#include <utility>

namespace cria {

/// Owns a file descriptor, which the destructor closes without changing errno. -1: none.
class Descriptor {
public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

private:
  int number_;
};

} // namespace cria

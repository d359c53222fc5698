// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ParseList.h"

#include <charconv>

namespace cria::cli {

StatusOr<std::vector<int32_t>> parseNumbers(std::string_view option, std::string_view text, int32_t minimum) {
  std::vector<int32_t> numbers;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    const std::string_view item = text.substr(start, end - start);
    int32_t number = 0;
    const auto [rest, problem] = std::from_chars(item.data(), item.data() + item.size(), number);
    if (problem != std::errc() || rest != item.data() + item.size() || number < minimum) {
      return invalidArgument("{}: expected integers of at least {}, separated by commas, got '{}'", option,
                             minimum, item);
    }
    numbers.push_back(number);
    start = end + 1;
  }
  return numbers;
}

} // namespace cria::cli

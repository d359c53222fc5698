// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions and loops of assembly; see AssemblyLoops.h.
#include "tests/passes/targets/cpu/AssemblyLoops.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace cria::cpu::test {

static bool isLabel(const std::string &line) { return line.ends_with(':'); }

int64_t countOf(const Instructions &instructions, std::string_view prefix) {
  return std::ranges::count_if(instructions,
                               [&](const std::string &each) { return each.starts_with(prefix); });
}

Instructions vectorsOnStack(const Instructions &loop, const Instructions &function) {
  const bool hasFramePointer = std::ranges::count(function, "movq\t%rsp, %rbp") > 0;
  const auto has = [](const std::string &line, std::string_view part) {
    return line.find(part) != std::string::npos;
  };
  Instructions result;
  std::ranges::copy_if(loop, std::back_inserter(result), [&](const std::string &line) {
    const bool isVector = has(line, "%ymm") || has(line, "%zmm");
    return isVector && (has(line, "(%rsp") || (hasFramePointer && has(line, "(%rbp")));
  });
  return result;
}

/// Without the name of an encoding, as in "{vex}\tvpdpbusd".
static std::string withoutEncoding(const std::string &instruction) {
  const size_t end = instruction.find("}\t");
  return instruction.starts_with('{') && end != std::string::npos ? instruction.substr(end + 2) : instruction;
}

/// Without directives.
AssemblyFunction::AssemblyFunction(std::string_view assembly, std::string_view name) {
  std::istringstream stream{std::string(assembly)};
  bool isInside = false;
  for (std::string line; std::getline(stream, line);) {
    if (line == std::string(name) + ":") {
      isInside = true;
    } else if (line.starts_with(".Lfunc_end")) {
      isInside = false;
    } else if (isInside && (isLabel(line) || (line.starts_with('\t') && !line.starts_with("\t.")))) {
      lines_.push_back(isLabel(line) ? line : withoutEncoding(line.substr(1)));
    }
  }
}

Instructions AssemblyFunction::between(size_t first, size_t end) const {
  Instructions result;
  std::copy_if(lines_.begin() + ptrdiff_t(first), lines_.begin() + ptrdiff_t(end), std::back_inserter(result),
               [](const std::string &line) { return !isLabel(line); });
  return result;
}

std::vector<Instructions> AssemblyFunction::innermostLoops() const {
  std::vector<Instructions> loops;
  std::map<std::string, size_t> labels; // before the current line
  size_t endOfLast = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const std::string &line = lines_[i];
    if (isLabel(line)) {
      labels[line.substr(0, line.size() - 1)] = i;
    } else if (line.starts_with('j')) {
      const auto target = labels.find(line.substr(line.find('\t') + 1));
      // A loop around the last one begins before its end.
      if (target != labels.end() && target->second >= endOfLast) {
        loops.push_back(between(target->second, i + 1));
        endOfLast = i + 1;
      }
    }
  }
  return loops;
}

} // namespace cria::cpu::test

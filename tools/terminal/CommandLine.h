// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the programs share of their command lines: numbers, and messages in the form of the others.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace cria::cli {

/// A transform() that accepts integers in decimal digits, from `min` to `max`.
CLI::Validator wholeNumber(uint64_t min, uint64_t max);
/// A check() that accepts finite numbers from `min` to `max`.
CLI::Validator finiteNumber(double min, double max);
/// A check() that accepts these words.
CLI::Validator oneOf(std::vector<std::string> words);
/// A check() that accepts all texts but the empty one, as of a variable of the shell that is not set.
CLI::Validator notEmpty(std::string what);
/// The message of an error on the command line.
std::string describeParseError(const CLI::ParseError &problem);

} // namespace cria::cli

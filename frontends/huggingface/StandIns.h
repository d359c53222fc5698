// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What stands under the name of a checkpoint's file in place of its contents: the pointer of a large-file
// store, a page or an error of a server, an archive, or a download that was not completed.
#pragma once

#include "support/Json.h"

#include <optional>
#include <string>
#include <string_view>

namespace cria::huggingface {

/// What a file is to hold.
enum class FileContent { bytes, json, text };

/// What was found, e.g. "a page of HTML", and how to get the file.
struct StandIn {
  std::string found;
  std::string remedy;
};

/// How much of a file findStandIn() looks at.
constexpr size_t kStandInBytes = 256;

/// Recognizes what stands in place of a file of `size` bytes that begins with `beginning`.
std::optional<StandIn> findStandIn(std::string_view beginning, uint64_t size, FileContent expected);

/// The error for what stands in place of the file at `path`: unsupported.
Status standsIn(const std::string &path, const StandIn &standIn);

/// The same as findStandIn() for JSON: the answer of a server that says that something failed.
std::optional<StandIn> findErrorBody(const Json &json);

/// The path of what a download of `file` has left that was not completed; empty if there is none. Looks
/// beside the file, and where huggingface_hub keeps such downloads.
std::string findPartialDownload(const std::string &file);

/// Whether a name is that of a download that was not completed.
bool isPartialDownload(std::string_view name);

} // namespace cria::huggingface

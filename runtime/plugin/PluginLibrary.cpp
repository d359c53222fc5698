// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only file that includes Boost.DLL.
#define BOOST_DLL_USE_STD_FS
#include "runtime/plugin/PluginLibrary.h"

#include "support/File.h"

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <cstring>
#include <elf.h>
#include <exception>
#include <new>
#include <unistd.h>

namespace cria {

/// Boost wraps the message of the dynamic loader; only the inner message states the cause.
static std::string loaderMessage(std::string_view what) {
  constexpr std::string_view begin = "(dlerror system message: ";
  const size_t from = what.find(begin);
  const size_t to = what.rfind(')');
  if (from == std::string_view::npos || to == std::string_view::npos || to < from + begin.size()) {
    return std::string(what);
  }
  return std::string(what.substr(from + begin.size(), to - from - begin.size()));
}

/// All symbols are resolved when the library is loaded, so a missing one is an error here and not during a
/// call.
static Status load(boost::dll::shared_library &library, const std::filesystem::path &path) {
  try {
    library.load(path, boost::dll::load_mode::rtld_now);
    return {};
  } catch (const std::exception &exception) {
    return error(StatusCode::incompatibleCode, "the library cannot be loaded: {}; rebuild it for this system",
                 loaderMessage(exception.what()));
  }
}

/// Reads a header of an ELF file; false if the file ends before.
template <typename Header> static bool readHeader(const RegularFile &file, uint64_t offset, Header &header) {
  return pread(file.descriptor.get(), &header, sizeof(header), static_cast<off_t>(offset)) ==
         ssize_t{sizeof(header)};
}

/// Returns the number of bytes that the ELF header and its segments speak of.
static uint64_t statedSize(const RegularFile &file, const Elf64_Ehdr &header) {
  uint64_t end = std::max(header.e_shoff + uint64_t{header.e_shnum} * header.e_shentsize,
                          header.e_phoff + uint64_t{header.e_phnum} * header.e_phentsize);
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (readHeader(file, header.e_phoff + uint64_t{i} * sizeof(segment), segment)) {
      end = std::max(end, segment.p_offset + segment.p_filesz);
    }
  }
  return end;
}

/// Returns whether the last section is named, as linkers write it at the end of the file. It is not where a
/// file got its size before its content.
static bool hasLastSection(const RegularFile &file, const Elf64_Ehdr &header) {
  Elf64_Shdr section{};
  return header.e_shnum == 0 ||
         (readHeader(file, header.e_shoff + (uint64_t{header.e_shnum} - 1) * sizeof(section), section) &&
          section.sh_type != SHT_NULL);
}

/// Checks that the file has all bytes that its ELF header speaks of. The loader maps a file that was cut off,
/// and an access to the missing part would end the process. The loader itself refuses other files.
static Status checkWhole(const std::filesystem::path &path) {
  CRIA_ASSIGN_OR_RETURN(const RegularFile file, openRegularFile(path.string()));
  Elf64_Ehdr header{};
  if (!readHeader(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64) {
    return {};
  }
  if (const uint64_t expected = statedSize(file, header); expected > file.size) {
    return error(StatusCode::incompatibleCode,
                 "the library '{}' is cut off: expected at least {} bytes, got {}; install it again",
                 path.string(), expected, file.size);
  }
  return hasLastSection(file, header)
             ? Status()
             : error(StatusCode::incompatibleCode,
                     "the library '{}' is incomplete: expected a table of sections at its end, got zeros; "
                     "install it again",
                     path.string());
}

StatusOr<cria_plugin_query_fn> openPluginLibrary(const std::filesystem::path &path) {
  if (!path.is_absolute()) { // Boost would open a bare name from the current directory
    return error(StatusCode::internal, "library path '{}' is not absolute", path.string());
  }
  CRIA_RETURN_IF_ERROR(checkWhole(path));
  // Never destroyed, since the destructor would unload code that may still be called.
  alignas(boost::dll::shared_library) std::byte storage[sizeof(boost::dll::shared_library)];
  auto *library = new (storage) boost::dll::shared_library();
  CRIA_RETURN_IF_ERROR(load(*library, path));
  constexpr const char *symbol = "cria_plugin_query";
  if (!library->has(symbol)) {
    return error(StatusCode::incompatibleCode,
                 "the library has no symbol '{}'; export it with CRIA_PLUGIN_EXPORT", symbol);
  }
  return &library->get<cria_status(const cria_host *, cria_plugin *, cria_message *)>(symbol);
}

} // namespace cria

// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dlopen with checks before (ELF header, features) and after (the exported cria_kernel_library).
#include "KernelLibrary.h"

#include "InstructionSet.h"
#include "plugins/sdk/cria_host_backend.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace cria::cpu {

/// A file in memory that holds a library's bytes. It lives as long as the library, because the loader takes
/// libraries with equal paths for the same, and the number of a descriptor is unique only while it is open.
class MemoryFile {
public:
  MemoryFile(const void *data, uint64_t size) : descriptor_(memfd_create("cria_kernels", MFD_CLOEXEC)) {
    const char *next = static_cast<const char *>(data);
    for (uint64_t left = size; ok() && left > 0;) {
      const ssize_t written = write(descriptor_, next, left);
      if (written < 0 && errno != EINTR) {
        close(std::exchange(descriptor_, -1));
      } else if (written > 0) {
        next += written;
        left -= static_cast<uint64_t>(written);
      }
    }
  }
  ~MemoryFile() {
    if (ok()) {
      close(descriptor_);
    }
  }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;
  bool ok() const { return descriptor_ >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
  int descriptor_;
};

namespace {

using plugin::Check;
using plugin::view;

#if defined(__SANITIZE_ADDRESS__)
constexpr uint32_t kProcessSanitizer = CRIA_SANITIZER_ADDRESS;
#else
constexpr uint32_t kProcessSanitizer = CRIA_SANITIZER_NONE;
#endif

#if defined(__x86_64__)
constexpr uint16_t kNativeMachine = EM_X86_64;
#else
constexpr uint16_t kNativeMachine = EM_AARCH64;
#endif

/// Returns why the bytes are not a shared object for this machine; empty if they are.
std::string elfProblem(const void *data, uint64_t size) {
  Elf64_Ehdr header;
  if (data == nullptr || size < sizeof(header)) {
    return "expected an ELF shared object, got " + std::to_string(size) + " bytes";
  }
  std::memcpy(&header, data, sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "expected an ELF shared object, got another kind of file";
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_type != ET_DYN) {
    return "expected a 64-bit little-endian ELF shared object, got another kind of ELF file";
  }
  if (header.e_machine != kNativeMachine) {
    return "expected code for ELF machine " + std::to_string(kNativeMachine) + ", got " +
           std::to_string(header.e_machine);
  }
  // Accessing the missing part of a truncated file would fault.
  const uint64_t headersEnd = header.e_phoff + uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > size || headersEnd > size) {
    return "the ELF file is cut off";
  }
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, static_cast<const char *>(data) + header.e_phoff + i * sizeof(segment),
                sizeof(segment));
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) {
      return "the ELF file is cut off";
    }
  }
  return "";
}

/// Returns why the exported cria_kernel_library is not as expected; empty if it is.
std::string infoProblem(const cria_kernel_library_info *info, std::string_view features) {
  if (info == nullptr) {
    return "symbol 'cria_kernel_library' is missing; expected a kernel library";
  }
  if (info->magic != CRIA_KERNEL_LIBRARY_MAGIC) {
    return "'cria_kernel_library' does not begin with the expected magic number";
  }
  if (info->version != CRIA_KERNEL_ABI_VERSION || info->reserved != 0) {
    return "expected kernel ABI " + std::to_string(CRIA_KERNEL_ABI_VERSION) + ", got " +
           std::to_string(info->version) + "; compile the model again";
  }
  if (info->sanitizer != CRIA_SANITIZER_NONE && info->sanitizer != kProcessSanitizer) {
    return "library was built with a sanitizer that this process does not use";
  }
  const std::string_view found(info->features, strnlen(info->features, sizeof(info->features)));
  if (found != features) {
    return "expected features '" + std::string(features) + "' from the package, got '" + std::string(found) +
           "'";
  }
  return "";
}

Check incompatible(const cria_executable &executable, std::string_view problem) {
  const std::string_view path = view(executable.path);
  const std::string where =
      path.empty() ? "kernel library in memory" : "kernel library '" + std::string(path) + "'";
  return plugin::refuse(CRIA_STATUS_INCOMPATIBLE_CODE, where + ": " + std::string(problem));
}

} // namespace

Check KernelLibrary::load(const cria_executable &executable, std::unique_ptr<KernelLibrary> &out) {
  if (const plugin::CodeScore fit = scoreCode(*executable.info); fit.score == 0) {
    return incompatible(executable, fit.reason);
  }
  if (const std::string problem = elfProblem(executable.data, executable.size); !problem.empty()) {
    return incompatible(executable, problem);
  }
  std::unique_ptr<KernelLibrary> library(new KernelLibrary());
  if (!library->open(executable)) {
    const char *reason = dlerror();
    return incompatible(executable, reason != nullptr ? reason : "cannot be copied to memory");
  }
  const auto *info =
      static_cast<const cria_kernel_library_info *>(dlsym(library->handle_, "cria_kernel_library"));
  if (const std::string problem = infoProblem(info, view(executable.info->features)); !problem.empty()) {
    return incompatible(executable, problem);
  }
  out = std::move(library);
  return {};
}

KernelLibrary::KernelLibrary() = default;

KernelLibrary::~KernelLibrary() {
  if (handle_ != nullptr) {
    dlclose(handle_);
  }
}

bool KernelLibrary::open(const cria_executable &executable) {
  // A copy in memory: the loader maps what it opens, and code of a file that is truncated later would fault.
  file_ = std::make_unique<MemoryFile>(executable.data, executable.size);
  handle_ = file_->ok() ? dlopen(file_->path().c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  const std::string path(view(executable.path));
  if (handle_ == nullptr && !path.empty()) { // for example, where files in memory may not be executed
    file_ = nullptr;
    handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  return handle_ != nullptr;
}

cria_kernel_fn KernelLibrary::find(const std::string &symbol) const {
  return reinterpret_cast<cria_kernel_fn>(dlsym(handle_, symbol.c_str()));
}

} // namespace cria::cpu

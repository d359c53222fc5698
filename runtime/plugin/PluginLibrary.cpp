// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only file that includes Boost.DLL.
#define BOOST_DLL_USE_STD_FS
#include "runtime/plugin/PluginLibrary.h"

#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <exception>
#include <new>

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

StatusOr<cria_plugin_query_fn> openPluginLibrary(const std::filesystem::path &path) {
  if (!path.is_absolute()) { // Boost would open a bare name from the current directory
    return error(StatusCode::internal, "library path '{}' is not absolute", path.string());
  }
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

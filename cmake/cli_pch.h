// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same for the command line, whose option parser is the heaviest header of all.
#pragma once

#include "cmake/runtime_pch.h"

#include <CLI/CLI.hpp>

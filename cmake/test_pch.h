// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same for tests.
#pragma once

#include "cmake/runtime_pch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

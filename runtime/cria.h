// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of Cria's runtime for programs that embed it; docs/embedding.md shows how the parts fit, and
// examples/embedding/main.cpp is a complete program.
#pragma once

#include "runtime/exec/Generator.h"
#include "runtime/exec/Logprobs.h"
#include "runtime/exec/Model.h"
#include "runtime/exec/Session.h"
#include "runtime/exec/Stepper.h"
#include "runtime/package/Package.h"
#include "runtime/plugin/BackendPlugin.h"
#include "runtime/plugin/ChatTemplate.h"
#include "runtime/plugin/PluginRegistry.h"
#include "runtime/plugin/SamplerChain.h"
#include "runtime/text/StreamingDecoder.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/TokenizerRegistry.h"
#include "runtime/text/Vocabulary.h"
#include "support/Status.h"

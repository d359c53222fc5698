// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cria's runtime for programs that embed it. This header and the headers that it includes, directly or
// through others, are public; those of runtime/ say so at their top. All other headers of runtime/ are
// internal and change without notice. docs/embedding.md shows how the parts fit together, and
// examples/embedding/main.cpp is a complete program.
#pragma once

#include "runtime/exec/Engine.h"
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
#include "runtime/plugin/SamplerFile.h"
#include "runtime/serve/Conversation.h"
#include "runtime/serve/LoadedModel.h"
#include "runtime/serve/RequestOptions.h"
#include "runtime/text/StreamingDecoder.h"
#include "runtime/text/Tokenizer.h"
#include "runtime/text/TokenizerRegistry.h"
#include "runtime/text/Vocabulary.h"
#include "support/Status.h"

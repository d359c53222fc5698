#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests include-rules.sh on small trees, one of which is clean, and each of the others has one fault.
# usage: include-rules-test.sh SOURCE_FOLDER
set -euo pipefail
rules=$1/tests/rules/include-rules.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/rules/expect.sh
source "$(dirname "$0")/expect.sh"

# tree: makes the folders that the rules name, with a source without faults in each.
tree() {
  local folder
  rm -rf "$work/tree"
  for folder in support format ir passes frontends runtime plugins/api plugins/sdk plugins/samplers/grammar plugins/backends/cpu; do
    mkdir -p "$work/tree/$folder"
    echo '#include <vector>' >"$work/tree/$folder/Clean.cpp"
  done
  echo '#include <boost/dll/shared_library.hpp>' >"$work/tree/runtime/Library.cpp"
  echo '#include <sentencepiece_processor.h>' >"$work/tree/runtime/Tokens.cpp"
}

tree
expect "a clean tree" 0 ""
for folder in support format ir passes frontends runtime plugins/api plugins/sdk; do
  tree
  rm -r "${work:?}/tree/$folder"
  expect "no folder $folder" 1 "there are no files to check"
done
# includes FILE HEADER: expects that the rules find an include of a header that the file must not include.
includes() {
  tree
  mkdir -p "$work/tree/$(dirname "$1")"
  echo "#include \"$2\"" >>"$work/tree/$1"
  expect "$1 includes $2" 1 "$1"
}
includes ir/Op.h passes/Passes.h
includes passes/Pass.cpp tools/cria/Command.h
includes passes/codegen/Writer.cpp frontends/Checkpoint.h
includes passes/targets/ops/Target.cpp plugins/api/cria_plugin.h
includes passes/targets/ops/Target.cpp plugins/sdk/cria_ops_backend.hpp
includes passes/targets/ops/Target.cpp plugins/sdk/cria_options.hpp
includes passes/targets/ops/Target.cpp cria_options.hpp
includes frontends/Reader.cpp passes/Passes.h
includes runtime/exec/Model.cpp mlir/IR/Builders.h
includes runtime/exec/Model.cpp plugins/sdk/cria_plugin.hpp
includes runtime/exec/Model.cpp cria_plugin.hpp
includes plugins/backends/cpu/Pool.cpp support/Status.h
includes plugins/backends/cpu/Pool.cpp format/Manifest.h
includes plugins/sdk/cria_plugin.hpp format/RandomWeightsReader.h
includes plugins/api/cria_plugin.h support/Half.h
tree
printf '#include "%s"\n' support/Half.h support/CpuLevel.h support/FloatMode.h support/Utf8Prefix.h format/ActivationClass.h \
  format/ActivationProduct.h format/ElementType.h format/KvCodec.h format/RandomWeights.h format/WeightFormat.h >>"$work/tree/plugins/backends/cpu/Pool.cpp"
expect "headers that are installed with the SDK" 0 ""
tree
echo '#include "plugins/sdk/cria_opset.hpp"' | tee -a "$work/tree/passes/Ops.cpp" >>"$work/tree/runtime/Ops.cpp"
echo '#include "plugins/api/kernel_abi.h"' | tee -a "$work/tree/passes/Ops.cpp" >>"$work/tree/runtime/Ops.cpp"
expect "the opset and the kernel ABI" 0 ""
includes plugins/backends/cpu/Json.cpp nlohmann/json.hpp
includes plugins/api/cria_plugin.h support/Status.h
tree
cp "$work/tree/runtime/Tokens.cpp" "$work/tree/runtime/Again.cpp"
expect "a library in two files" 1 "SentencePiece: expected one file"
exit $failures

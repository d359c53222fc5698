# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How lit runs the .mlir tests. With --param roundtrip=1 every input is also printed, parsed again and compared.
import lit.formats

config.name = "cria"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs"]
config.environment["PATH"] = config.llvm_tools_dir + ":" + config.cria_tools_dir + ":/usr/bin:/bin"

cria_opt = config.cria_tools_dir + "/cria-opt"
if lit_config.params.get("roundtrip", "0") != "0":
    cria_opt += " --verify-roundtrip"
config.substitutions.append((r"\bcria-opt\b", cria_opt))

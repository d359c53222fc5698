# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the programs that Cria is compared with, outside of the source tree."""

import subprocess
import sys
import tarfile
from pathlib import Path


class Peer:
    """A build of llama.cpp or of a fork with the same tools. `variants`: options of llama-bench, of which the
    fastest counts in each row."""

    def __init__(self, name, source, build, variants):
        self.name, self.source, self.build, self.variants = name, Path(source), Path(build), variants

    def binary(self, name):
        return self.build / "bin" / name

    def make(self, jobs, programs=("llama-bench", "llama-quantize")):
        """Configures for this processor and builds, unless that is done."""
        if all(self.binary(program).exists() for program in programs):
            return
        # Without AMX: its kernels in llama.cpp 0.5.0 end with an illegal instruction in all threads but one.
        no_amx = "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
        options = [f"-DCMAKE_C_FLAGS={no_amx}", f"-DCMAKE_CXX_FLAGS={no_amx}",
                   "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF",
                   "-DLLAMA_OPENSSL=OFF"]
        log = Path(f"{self.build}.log")
        with open(log, "w") as out:
            for command in (["cmake", "-S", self.source, "-B", self.build, *options],
                            ["cmake", "--build", self.build, "-j", str(jobs), "-t", *programs]):
                if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode != 0:
                    sys.exit(f"{self.name}: cannot build {self.source}; see {log}")


def download_llama_cpp(work):
    """The source of llama.cpp in the newest source package of llama-cpp-python."""
    found = sorted(work.glob("llama_cpp_python-*/vendor/llama.cpp"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                   "llama-cpp-python", "-d", str(work)]
        if subprocess.run(command).returncode != 0:
            sys.exit("cannot download the source package of llama-cpp-python; give --llama-cpp FOLDER")
        archive = sorted(work.glob("llama_cpp_python-*.tar.gz"))[-1]
        with tarfile.open(archive) as files:
            files.extractall(work, filter="data")
        found = sorted(work.glob("llama_cpp_python-*/vendor/llama.cpp"))
    return found[-1]


def peers(work, llama_cpp, ik_llama_cpp):
    """llama.cpp, from its package unless a folder is given, and ik_llama.cpp where its source is."""
    result = [Peer("llama.cpp", llama_cpp or download_llama_cpp(work), work / "build-llama.cpp",
                   [["--repack", "0"], ["--repack", "1"]])]
    if ik_llama_cpp:
        result.append(Peer("ik_llama.cpp", ik_llama_cpp, work / "build-ik_llama.cpp",
                           [["-rtr", "0"], ["-rtr", "1"]]))
    return result

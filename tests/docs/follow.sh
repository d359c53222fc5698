#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Follows a page: writes each code block whose first line names a file, and runs each block of shell commands, in order.
# usage: CRIA=folder MODEL=package follow.sh PAGE
set -euo pipefail
page=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# "```cpp prefer/Prefer.cpp" begins a file, "```sh" commands; other blocks are ignored.
awk '
  function flush_commands() { if (commands != "") { printf "%s", commands > sprintf("step-%03d.sh", ++steps); commands = "" } }
  /^```/ {
    if (inside) { if (kind == "sh") flush_commands(); else if (file != "") close(file); inside = 0; next }
    inside = 1; kind = substr($1, 4); file = $2
    if (file != "") { folder = file; sub("/[^/]*$", "", folder); system("mkdir -p " folder) }
    next
  }
  inside && kind == "sh" { commands = commands $0 "\n" }
  inside && kind != "sh" && file != "" { print > file }
' "$page"

shopt -s nullglob
steps=(step-*.sh)
((${#steps[@]})) || { echo "no commands in $page"; exit 1; }
for step in "${steps[@]}"; do
  echo "--- $step"
  cat "$step"
  bash -euo pipefail "$step" || { echo "$page: a command above failed"; exit 1; }
done

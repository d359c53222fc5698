#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that each source, script and CMake file begins with the SPDX line of the project, after `#!` if it has that. Frozen files
# are not checked.
# usage: licence-lines.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

mapfile -t files < <(find . \( -name .git -o -name 'build*' -o -name dist -o -path ./card -o -path ./card-rehearsal \) -prune -o -type f \
  \( -name '*.h' -o -name '*.hpp' -o -name '*.c' -o -name '*.cpp' -o -name '*.td' -o -name '*.mlir' -o -name '*.py' -o -name '*.sh' -o -name '*.cmake' \
  -o -name CMakeLists.txt -o -path ./dev -o -path ./.ci/run -o -path ./Doxyfile \) -not -path './tests/abi/v1/*' -print | sort)
((${#files[@]} > 300)) || { echo "expected the sources of the project in '$1', found ${#files[@]} files" >&2; exit 2; }

broken=0
for file in "${files[@]}"; do
  first='' second=''
  { read -r first && read -r second; } <"$file" || true
  [[ $first == '#!'* ]] && first=$second
  [[ $first =~ ^(//|#|/\*)\ SPDX-License-Identifier:\ Apache-2\.0\ WITH\ LLVM-exception(\ \*/)?$ ]] && continue
  echo "$file: expected the line 'SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception' at the top"
  broken=1
done
exit $broken

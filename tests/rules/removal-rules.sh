#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that in the product support/ alone removes and replaces folders (docs/architecture.md, "Writing and removing folders"),
# and that scripts, CMake files and Python programs remove only temporary folders that they made.
# usage: removal-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

mapfile -t files < <(find support format ir passes frontends runtime plugins tools examples docs \
  -name '*.h' -o -name '*.hpp' -o -name '*.cpp' -o -name '*.c')
if ((${#files[@]} < 100)); then
  echo "expected the sources of the project in '$1', found ${#files[@]} files"
  exit 1
fi

broken=0
readonly REMOVAL='remove_all|remove_directories|fs::remove|filesystem::remove|rmdir|AT_REMOVEDIR|RENAME_|nftw'
if grep -nE "$REMOVAL" "${files[@]}" | grep -v '^support/'; then
  echo "expected removals and exchanges of folders in support/ alone; use OwnedFolder or removeOwnedFolder()"
  broken=1
fi

mapfile -t scripts < <(find . \( -name .git -o -name 'build*' -o -name dist -o -path ./card -o -path ./card-rehearsal \) -prune -o -type f \
  \( -name '*.sh' -o -name CMakeLists.txt -o -name '*.cmake' -o -name '*.py' -o -path ./dev -o -path ./.ci/run \) -not -path './tests/rules/removal-rules*' -printf '%P\n' | sort)
if ((${#scripts[@]} == 0)); then
  echo "expected scripts in '$1', found none"
  exit 1
fi

# What else may be removed, as FILE:LINE, with the reason.
readonly EXCEPTIONS=(
  'dev:rm -rf dist' # check_dist has found that it is empty or an installation of Cria
  'tools/dev/card.sh:rm -rf card card-rehearsal' # check_card has found the same of each
  # Folders in the build folder, with names of their own, which the next command of the target makes again.
  'tools/cria-device-check/CMakeLists.txt:COMMAND ${CMAKE_COMMAND} -E rm -rf ${data_folders}'
)
# A folder that `work=$(mktemp -d)` of the same script has made, or a part of it.
readonly TEMPORARY='^(trap '\''rm -rf "\$work"'\'' EXIT|rm -rf? "\$(work|\{work:\?\})(/[^"]*)?")$'
is_allowed() { # FILE LINE
  local exception
  for exception in "${EXCEPTIONS[@]}"; do
    [[ $1:$2 != "$exception" ]] || return 0
  done
  [[ $2 =~ $TEMPORARY ]] && grep -qx 'work=$(mktemp -d)' "$1"
}

readonly RECURSIVE='(^|[^a-zA-Z0-9_-])(rm( +-[a-zA-Z-]+)* +(-[a-zA-Z]*[rR]|--recursive)|rmdir|remove_directory|rmtree|removedirs|REMOVE_RECURSE)|find .*-delete'
wrong=0
while IFS=: read -r file number line; do
  line=$(sed -E 's/^ +| +$//g' <<<"$line")
  is_allowed "$file" "$line" || { echo "$file:$number: $line"; wrong=1; }
done < <(grep -HnE "$RECURSIVE" "${scripts[@]}")
((wrong == 0)) || echo "expected scripts to remove folders of 'work=\$(mktemp -d)' alone; refuse a folder that exists instead"
((broken + wrong == 0))

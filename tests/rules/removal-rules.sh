#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks that support/ alone removes and replaces folders (docs/architecture.md, "Folders that are written").
# usage: removal-rules.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"

mapfile -t files < <(find support ir passes frontends runtime plugins tools -name '*.h' -o -name '*.cpp' -o -name '*.c')
if ((${#files[@]} < 100)); then
  echo "expected the sources of the project in '$1', found ${#files[@]} files"
  exit 1
fi

readonly REMOVAL='remove_all|remove_directories|fs::remove|filesystem::remove|rmdir|AT_REMOVEDIR|RENAME_|nftw'
if grep -nE "$REMOVAL" "${files[@]}" | grep -v '^support/'; then
  echo "expected removals and exchanges of folders in support/ alone; use OwnedFolder or removeOwnedFolder()"
  exit 1
fi

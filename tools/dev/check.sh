# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# The commands format, tidy and docs of ./dev, which sources this file.

# sources [--all]: prints C and C++ files, one per line. Without --all, if the branch to compare with exists (CRIA_BASE, default
# origin/main): those that differ from it, committed or not, and those that are untracked. On that branch itself: those of the
# last commit in place of those that differ.
sources() {
  local base=${CRIA_BASE:-origin/main} patterns=('*.cpp' '*.hpp' '*.h' '*.c') since
  git rev-parse --git-dir >/dev/null 2>&1 || fail "expected a git checkout, from which the list of files comes"
  if [[ ${1:-} != --all ]] && git rev-parse -q --verify "$base^{commit}" >/dev/null; then
    since=$(git merge-base "$base" HEAD 2>/dev/null || echo "$base")
    [[ $since != "$(git rev-parse HEAD)" ]] || since=$(git rev-parse -q --verify HEAD~1 || echo "$since")
    { git diff --name-only --diff-filter=d "$since" -- "${patterns[@]}"
      git ls-files --others --exclude-standard -- "${patterns[@]}"; } | sort -u
  else
    git ls-files --cached --others --exclude-standard -- "${patterns[@]}"
  fi | while read -r file; do [[ ! -f $file ]] || echo "$file"; done
}

need() { command -v "$1" >/dev/null || fail "$1 is missing; run: apt-get install $2"; }

# format [--check] [--all]
format() {
  need clang-format-22 clang-format-22
  local mode=(-i) all='' argument files
  for argument in "$@"; do
    case $argument in
      --check) mode=(--dry-run -Werror) ;;
      --all) all=--all ;;
      *) fail "format: expected --check or --all, got '$argument'" ;;
    esac
  done
  mapfile -t files < <(sources $all)
  ((${#files[@]})) || { say "No source has changed"; return 0; }
  say "clang-format on ${#files[@]} files"
  printf '%s\0' "${files[@]}" | xargs -0 clang-format-22 "${mode[@]}" || fail "the files above are not formatted; run ./dev format"
}

# tidy_database PRESET: writes the commands that clang-tidy reads to $BUILD/tidy/clang. Generated headers are those of $BUILD.
tidy_database() {
  [[ -f $BUILD/build.ninja ]] || fail "$BUILD/ is not built; run ./dev build first"
  cmake --preset "$1" -B $BUILD/tidy >/dev/null || fail "cmake --preset $1 failed; run it to see why"
  mkdir -p $BUILD/tidy/clang
  # Clang cannot read GCC's precompiled headers and does not know all of its options. A source of several targets is checked once.
  sed -E "s,-I$PWD/$BUILD/tidy\\b,-I$PWD/$BUILD,g; s/ -Winvalid-pch//; s/ -include [^ ]*cmake_pch[^ ]*//;"' s/ -(fno-semantic-interposition|fpch-preprocess)//g' \
    $BUILD/tidy/compile_commands.json |
    awk '/^\{/ { entry = "{"; next }
      /^ *"file":/ { file = $0 }
      /^\}/ { if (!seen[file]++) { printf "%s%s\n}", count++ ? ",\n" : "[\n", entry }; next }
      /^ / { entry = entry "\n" $0 }
      END { print "\n]" }' >$BUILD/tidy/clang/compile_commands.json
}

# tidied [--all]: prints the sources to check that the database has, and the units that CMake has made of the sources of a target.
tidied() {
  local known
  known=$(sed -nE 's/^ *"file": "(.*)",?$/\1/p' $BUILD/tidy/clang/compile_commands.json | sort -u)
  grep '/Unity/unity_.*_cxx\.cxx$' <<<"$known" || true
  sources "$@" | sed -E "s/\.(h|hpp)$/.cpp/; s,^,$PWD/," | sort -u | grep '\.cpp$' | comm -12 - <(echo "$known")
}

# tidy [--all]: runs clang-tidy on the changed sources, and for a changed header on the source of its name. With --all, on all of
# them, those of a target as one unit, whose headers are read once.
tidy() {
  need clang-tidy-22 clang-tidy-22
  local all=${1:-} preset=release options=() files
  [[ -z $all || $all == --all ]] || fail "tidy: expected --all, got '$all'"
  if [[ -n $all ]]; then
    preset=ci
    options=(--checks=-bugprone-suspicious-include '--header-filter=/(support|format|ir|passes|frontends|runtime|plugins|tools|tests|examples)/.*\.(h|hpp|cpp)$')
  elif ! git rev-parse -q --verify "${CRIA_BASE:-origin/main}^{commit}" >/dev/null; then
    say "There is no branch ${CRIA_BASE:-origin/main} to compare with; run ./dev tidy --all to check every file"
    return 0
  fi
  tidy_database $preset
  mapfile -t files < <(tidied $all)
  ((${#files[@]})) || { say "No compiled source has changed"; return 0; }
  say "clang-tidy on ${#files[@]} files"
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-22 -p $BUILD/tidy/clang --quiet "${options[@]}"
}

# docs: makes pages of the public headers: the plugin interface with its C++ conveniences, and runtime/cria.h with what it includes.
docs() {
  need doxygen doxygen
  local headers
  mapfile -t headers < <(git ls-files 'plugins/**/cria_*.h' 'plugins/**/cria_*.hpp' 'plugins/**/kernel_abi.h'
    g++ -std=c++20 -I. -MM -MT x runtime/cria.h | tr -s ' \\' '\n\n' | grep '\.h$' | grep -v '^plugins/' | grep -v '^/')
  mkdir -p $BUILD/docs
  { cat Doxyfile; echo "INPUT += ${headers[*]}"; } | doxygen - || fail "doxygen failed"
  say "$BUILD/docs/html/index.html is ready (${#headers[@]} headers)"
}

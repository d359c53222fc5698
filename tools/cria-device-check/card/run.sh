#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks and measures Cria on the GPU of this machine: runs the lines of card.lines in their order, each within its time limit,
# and keeps what each has printed and measured. Needs bash, coreutils and the driver. See docs/cuda.md.
#
# usage: run.sh [--seconds N] [--results FOLDER] [--lines FILE] [--rehearse [FOLDER]]
#   --seconds N         end after N seconds (default: 420, a rehearsal: 540); lines that have no time left
#                       are skipped
#   --results FOLDER    an empty or new folder (default: the first free one of results, results-2, ...)
#   --lines FILE        other lines
#   --rehearse FOLDER   run rehearse.lines on a driver that simulates a GPU, with the data in FOLDER, which ./dev card makes
#                       (default: card-rehearsal next to the folder of this script)
#
# The results are FOLDER/card.json and FOLDER/card.txt, and for each line NAME: NAME.out, NAME.err, NAME.json (what it has
# measured; NAME.json.part if that is not valid JSON) and NAME.line (how it ended). Every file *.json and *.line is valid JSON at
# any time. Exit code: 0 all lines passed or were skipped; 1 one failed or was cut; 2 cannot run; 143 or 130 a signal ended it.
set -uo pipefail

CARD=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly CARD
readonly KILL_SECONDS=3 # from the interrupt of a line to its end

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }
milliseconds() { date +%s%3N; }
decimal() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); } # decimal MILLISECONDS: in seconds

# quote TEXT: prints it as a JSON string.
quote() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/\\t}
  text=${text//$'\n'/\\n}
  printf '"%s"' "$text"
}

seconds='' results='' lines='' rehearsal=''
while (($#)); do
  case $1 in
    --seconds | --results | --lines)
      (($# >= 2)) || fail "$1: expected a value"
      declare "${1#--}=$2"
      shift ;;
    --rehearse)
      rehearsal=$CARD/../card-rehearsal
      [[ ${2:---} == --* ]] || { rehearsal=$2; shift; } ;;
    *) fail "expected --seconds, --results, --lines or --rehearse, got '$1'; see the top of this script" ;;
  esac
  shift
done
[[ -n $seconds ]] || seconds=$([[ -n $rehearsal ]] && echo 540 || echo 420)
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || fail "--seconds: expected a number of seconds, got '$seconds'"

# ---- The lines, as arrays of equal lengths. A name that ends in * stands for a line per variant.
names=() limits=() tools=() commands=() packages=() options=()

add_line() { # NAME SECONDS TOOL COMMAND [PACKAGE OPTIONS]
  names+=("$1")
  limits+=("$2")
  tools+=("$3")
  commands+=("$4")
  packages+=("${5:-}")
  options+=("${6:-}")
}

add_variants() { # PREFIX SECONDS TOOL COMMAND
  local variants=() variant name package more
  [[ -f $DATA/speed/variants ]] || return 0
  while read -r variant; do
    [[ -z $variant || $variant == '#'* ]] || variants+=("$variant")
  done <"$DATA/speed/variants"
  for variant in "${variants[@]}"; do
    read -r name package more <<<"$variant"
    add_line "$1$name" $(($2 / ${#variants[@]})) "$3" "$4" "$DATA/speed/$package" "$more"
  done
}

read_lines() {
  local name limit tool command
  while read -r name limit tool command; do
    [[ -n $name && $name != '#'* ]] || continue
    [[ $name =~ ^[a-z0-9-]+\*?$ && $limit =~ ^[1-9][0-9]{0,3}$ && -n $command ]] ||
      fail "$lines: expected NAME SECONDS TOOL COMMAND, got '$name $limit $tool $command'"
    if [[ $name == *'*' ]]; then
      add_variants "${name%'*'}" "$limit" "$tool" "$command"
    else
      add_line "$name" "$limit" "$tool" "$command"
    fi
  done <"$lines"
  ((${#names[@]})) || fail "$lines: expected lines, found none"
}

# ---- What the machine has.

# append_library_folder FOLDER: also searches it for libraries.
append_library_folder() { export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$1; }

# The driver may lie outside the folders that the loader searches.
find_driver() {
  local folder
  for folder in /usr/lib/x86_64-linux-gnu /usr/lib64 /lib64 /usr/lib; do
    [[ ! -e $folder/libcuda.so.1 ]] || return 0
  done
  for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/wsl/lib; do
    [[ ! -e $folder/libcuda.so.1 ]] || { append_library_folder "$folder"; return 0; }
  done
}

find_cublas() {
  [[ -z ${CRIA_CUBLAS:-} ]] || return 0
  local folders folder version
  IFS=: read -ra folders <<<"${LD_LIBRARY_PATH:-}"
  shopt -s nullglob
  folders+=(/usr/local/cuda*/lib64 /usr/local/cuda*/targets/*/lib /usr/lib/x86_64-linux-gnu /usr/lib64
    {/usr,/usr/local,/opt/*}/lib/python3*/{dist,site}-packages/nvidia/{cublas,cu13}/lib)
  shopt -u nullglob
  for version in 13 12 11; do
    for folder in "${folders[@]}"; do
      if [[ -n $folder && -e $folder/libcublas.so.$version ]]; then
        export CRIA_CUBLAS=$folder/libcublas.so.$version
        append_library_folder "$folder" # of libcublasLt
        return 0
      fi
    done
  done
}

# missing TOOL: prints why a line that needs it cannot run; nothing if it can.
missing() {
  case $1 in
    none) ;;
    cuBLAS) [[ -n ${CRIA_CUBLAS:-} ]] || printf 'libcublas.so is not found; set CRIA_CUBLAS to its path' ;;
    *) command -v "$1" >/dev/null || printf '%s is not in PATH' "$1" ;;
  esac
}

# use_rehearsal: a simulated GPU in place of the driver.
use_rehearsal() {
  [[ -f $rehearsal/driver.so ]] || fail "expected a simulated driver at '$rehearsal/driver.so'; make it with ./dev card"
  rehearsal=$(cd "$rehearsal" && pwd)
  DATA=$rehearsal
  export CRIA_CUDA_DRIVER=$rehearsal/driver.so CRIA_SIMULATED_CODE_FOLDER=$rehearsal CRIA_CUBLAS=$rehearsal/cublas.so
  export FAKE_CUDA_MAJOR=9 FAKE_CUDA_VERSION=13000 FAKE_CUDA_MEMORY=1200000000
  export FAKE_CUDA_KERNEL_NANOSECONDS=20000000 # so that measurements end after few simulated kernels
}

# ---- Running one line.

# record NAME OUTCOME EXIT_CODE MILLISECONDS REASON: writes NAME.line. An exit code may be null.
record() {
  local i=$line
  printf '{"name": %s, "position": %d, "tool": %s, "command": %s, "limit_seconds": %d, "outcome": "%s", "exit_code": %s, "seconds": %s, "reason": %s}\n' \
    "$(quote "$1")" "$i" "$(quote "${tools[i]}")" "$(quote "${commands[i]}")" "${limits[i]}" "$2" "$3" "$(decimal "$4")" "$(quote "$5")" \
    >"$results/$1.line.part" && mv "$results/$1.line.part" "$results/$1.line"
  printf '%-16s %-8s %8s s  %s\n' "$1" "$2" "$(decimal "$4")" "$5"
}

# keep_json NAME: gives what a line has measured its name, if it is valid JSON.
keep_json() {
  local part=$results/$1.json.part
  [[ ! -s $part ]] || ! "$CARD/check/check" is-json "$part" 2>/dev/null || mv "$part" "$results/$1.json"
}

summarize() {
  "$CARD/check/check" summarize "$results" --predictions "$CARD/predictions.json" >/dev/null 2>"$results/summarize.err"
}

# allowed NOW: prints the milliseconds that the line may take: its limit and what the lines before it have left of theirs, at most
# twice the limit, and no longer than the whole run.
allowed() {
  local now=$1 limit=$((limits[line] * 1000)) time
  time=$((start + planned - now))
  ((time >= limit)) || time=$limit
  ((time <= 2 * limit)) || time=$((2 * limit))
  ((time <= deadline - now)) || time=$((deadline - now))
  printf '%d' "$time"
}

run_line() {
  local name=${names[line]} reason begin time code
  begin=$(milliseconds)
  planned=$((planned + limits[line] * 1000))
  reason=$(missing "${tools[line]}")
  [[ -z $reason ]] || { record "$name" skipped null 0 "$reason"; return; }
  time=$(allowed "$begin")
  ((time >= 1000)) || { record "$name" skipped null 0 "no time left"; return; }
  record "$name" cut null 0 "the run ended during this line" >/dev/null
  [[ -e $results/card.json ]] || summarize
  JSON=$results/$name.json.part PACKAGE=${packages[line]} OPTIONS=${options[line]} \
    timeout --signal=INT --kill-after=$KILL_SECONDS "$(decimal "$time")" "$BASH" -c "${commands[line]}" \
    >"$results/$name.out" 2>"$results/$name.err" </dev/null &
  child=$!
  { wait $child; } 2>/dev/null # without bash's message about a line that had to be killed
  code=$?
  child=
  keep_json "$name"
  finish_line "$name" $code $(($(milliseconds) - begin)) "$time"
}

finish_line() { # NAME EXIT_CODE MILLISECONDS ALLOWED
  case $2 in
    0) record "$1" ok 0 "$3" "" ;;
    124 | 137) record "$1" cut "$2" "$3" "did not end within $(decimal "$4") s" ;;
    *) record "$1" failed "$2" "$3" "exit code $2; see $1.out and $1.err" ;;
  esac
  [[ $2 == 0 ]] || worst=1
}

# end_run CODE: on a signal, ends the line that runs, and in any case leaves a summary of what was done.
end_run() {
  trap '' TERM INT HUP
  trap - EXIT
  child=$(jobs -pr) # the signal may have come before its number was kept
  if [[ -n $child ]]; then
    kill -INT "$child" 2>/dev/null
    { wait "$child"; } 2>/dev/null
    keep_json "${names[line]}"
    record "${names[line]}" cut null $(($(milliseconds) - begun)) "a signal ended the run during this line"
  fi
  if summarize; then
    cat "$results/card.txt"
  else
    printf 'error: no summary: ' >&2
    cat "$results/summarize.err" >&2
    worst=1
  fi
  exit "${1:-$worst}"
}

# ---- The run.
DATA=$CARD/check
[[ -n $lines ]] || lines=$CARD/$([[ -n $rehearsal ]] && echo rehearse || echo card).lines
[[ -z $rehearsal ]] || use_rehearsal
[[ -f $lines ]] || fail "expected a file with lines at '$lines'"
PATH=$PATH:/usr/local/cuda/bin
export CRIA=$CARD/bin/cria CHECK=$CARD/check/check DATA MODEL=$DATA/speed/model.cria
export CUDA_CACHE_PATH=${CUDA_CACHE_PATH:-${TMPDIR:-/tmp}/cria-cuda-cache} # of PTX that the driver has compiled
read_lines
[[ -n $rehearsal ]] || find_driver
find_cublas

if [[ -z $results ]]; then
  results=results number=1
  while [[ -e $results ]]; do results=results-$((++number)); done
fi
mkdir -p "$results" || fail "cannot make the folder '$results'"
results=$(cd "$results" && pwd) || fail "cannot enter the folder '$results'"
for file in "$results"/*; do
  [[ ! -e $file ]] || fail "expected an empty folder for the results, found '$file'"
done

child='' worst=0 line=0 planned=0
start=$(milliseconds)
begun=$start
deadline=$((start + seconds * 1000))
trap 'end_run 143' TERM
trap 'end_run 129' HUP
trap 'end_run 130' INT
trap 'end_run' EXIT
for ((line = 0; line < ${#names[@]}; ++line)); do
  begun=$(milliseconds)
  run_line
  summarize || true
done

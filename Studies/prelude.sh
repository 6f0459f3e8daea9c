# What every study's `run` starts with; source it, it runs nothing by itself.
#
#   modelc     the program: MODELC, or the release build of this repository
#   quick      set by --quick: a few minutes on the data in Fixtures, nothing to fetch
#   out        where results go: the study's folder, or a temporary one with --quick
#   work       models and data sets that are not kept
#   MNIST, CIFAR10   folders of the data sets (IDX files; the binary version), for the full run
set -euo pipefail
study=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
modelc=$(realpath "${MODELC:-$study/../../.build/release/modelc}")
quick=
if [[ ${1:-} == --quick ]]; then quick=1; fi
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[[ -n ${WORK:-} ]] || trap 'rm -rf "$work"' EXIT
cd "$study"
if [[ $quick ]]; then out=$work/results; else out=.; fi
mkdir -p "$out/results"
digits=../../Fixtures/data/digits.h5
export OPENBLAS_NUM_THREADS=1
# Prints and runs a command of modelc.
run() { printf '$ modelc %s\n' "$*" >&2; "$modelc" "$@"; }
# The same with what it prints kept in a file, without the folder of what is not kept.
keep() {
  local file=$1
  shift
  printf '$ modelc %s > %s\n' "$*" "${file##*/}" >&2
  "$modelc" "$@" | sed "s|$work/||g" > "$file"
}
need() { [[ -e ${!1:-} ]] || { echo "$1: set it to the folder of the data set, or run with --quick" >&2; exit 64; }; }

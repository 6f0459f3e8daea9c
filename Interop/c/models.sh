# What Interop/c/run checks; sourced by it.

# Inputs: 24 random ones of each fixture's shape are committed beside it; digits are real.
"$python" - "$work" <<'PY' || exit 1
import glob, os, sys
import numpy as np
for path in glob.glob("Fixtures/keras/*.reference.npz"):
    with np.load(path) as arrays:
        inputs = [name for name in arrays.files if name.startswith("input_")]
        if len(inputs) == 1:
            name = os.path.basename(path).replace(".reference.npz", "")
            x = arrays["input_0"].astype("f4")
            np.savez(os.path.join(sys.argv[1], name + ".npz"), x=x)
PY

# 1. The main shapes: dense, every form, every storage, each on the board as well.
made=$work/made
mkdir -p "$made"
compress() { "$modelc" compress "$@" -q --force >/dev/null || failed=$((failed + 1)); }
mlp=Fixtures/keras/mlp-mnist-k2.h5 cnn=Fixtures/keras/mnist-cnn-k2.h5
compress $mlp --ratio 4 -o "$made/low-rank.h5"
compress $mlp --ratio 4 --dtype float16 -o "$made/half.h5"
compress $mlp --rank 1/4 --dtype int8 -o "$made/int8.h5"
compress $mlp --ratio 8 --form tensor -o "$made/tensorised.h5"
compress $cnn --rank 1/2 -o "$made/tucker.h5"
inputs=mlp-mnist-k2
model "dense MLP" $mlp float
model "low rank" "$made/low-rank.h5" float
model "float16" "$made/half.h5" float
model "int8 weights" "$made/int8.h5" float
model "tensorised" "$made/tensorised.h5" float
inputs=mnist-cnn-k2
model "CNN" $cnn float
model "Tucker-2" "$made/tucker.h5" float
inputs=mobile-k2
model "depthwise and batch norm" Fixtures/keras/mobile-k2.h5 float
inputs=residual-k2
model "residual" Fixtures/keras/residual-k2.h5 float

# 2. int8 activations, calibrated on real digits.
"$modelc" train mlp:64-48-32-10 --data Fixtures/data/digits.h5 --epochs 20 -o "$made/net.h5" -q --force >/dev/null
compress "$made/net.h5" --ratio 2 -o "$made/net.small.h5"
digits() {
  local name=$1 file=$2 folder=$work/$1
  mkdir -p "$folder"
  if ! "$modelc" convert "$file" "$folder/model.c" --self-test 2 --format json --dtype int8 \
    --data Fixtures/data/digits.h5 >"$folder/promise.json" 2>"$folder/convert.err"; then
    failed=$((failed + 1))
    echo "FAILED  $name: $(cat "$folder/convert.err")"
    return
  fi
  "$modelc" predict "$file" --data Fixtures/data/digits.h5 -o "$folder/engine.npz" -q --force >/dev/null 2>&1
  cp "$work/digits.f32" "$folder/examples.f32"
  cp "$work/digits.h" "$folder/examples.h"
  check "$name, gcc" native "$folder" gcc -O3
  check "$name, classes" sh -c "cd '$folder' && '$python' '$here/check.py' agree out.f32 engine.npz 0.985"
  check "$name, sanitizers" native "$folder" gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
  cp "$folder/out.f32" "$folder/native.f32"
  check "$name, Cortex-M4" emulate "$folder"
  check "$name, same as native" sh -c "cd '$folder' && '$python' '$here/check.py' same out.f32 native.f32"
  check "$name, size" alone "$folder"
}
"$python" "$here/check.py" digits Fixtures/data/digits.h5 "$work/digits.f32" "$work/digits.h" || exit 1
digits "int8 MLP" "$made/net.h5"
digits "int8 low rank" "$made/net.small.h5"
digits "int8 CNN" Fixtures/keras/digits-cnn-k2.h5
compress Fixtures/keras/digits-cnn-k2.h5 --rank 1/2 -o "$made/digits-tucker.h5"
digits "int8 Tucker-2" "$made/digits-tucker.h5"

# fixture FOLDER: compiles with sanitizers and compares with the engine.
fixture() {
  native "$1" gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all || return 1
  grep -q INPUT_COUNT "$1/model.h" && grep -q OUTPUT_COUNT "$1/model.h" || return 0
  (cd "$1" && "$python" "$here/check.py" compare out.f32 engine.npz 1e-5)
}

# 3. Every fixture that can be exported, with sanitizers; the others must name a layer.
exported=0 refused=0
for file in Fixtures/keras/*-k2.h5 Fixtures/keras/*-k3.keras; do
  name=$(basename "$file")
  name=${name%.*}
  folder=$work/all/$name
  mkdir -p "$folder"
  if ! "$modelc" convert "$file" "$folder/model.c" --self-test 2 -q >/dev/null 2>"$folder/convert.err"; then
    refused=$((refused + 1))
    grep -Eq '^[^:]+: .+' "$folder/convert.err" && [ "$(wc -l <"$folder/convert.err")" = 1 ] ||
      { failed=$((failed + 1)); echo "FAILED  $name: $(cat "$folder/convert.err")"; }
    [ -z "${VERBOSE:-}" ] || echo "refused $(cat "$folder/convert.err")"
    continue
  fi
  exported=$((exported + 1))
  if [ -e "$work/$name.npz" ] && "$modelc" predict "$file" --data "$work/$name.npz" --scale none \
    -o "$folder/engine.npz" --force -q >/dev/null 2>&1; then
    "$python" "$here/check.py" examples "$work/$name.npz" 24 "$folder/examples.f32" "$folder/examples.h"
    check "$name" fixture "$folder"
  else
    : >"$folder/examples.f32"
    check "$name, self-test" native "$folder" gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
  fi
done
echo "fixtures: $exported exported, $refused refused with a reason"
[ "$exported" -ge 30 ] || { failed=$((failed + 1)); echo "FAILED  only $exported fixtures were exported"; }

#!/bin/sh
# Runs every native kernel (exercise.mjs) under AddressSanitizer and UndefinedBehaviorSanitizer, once for each
# instruction set of this machine. Needs g++ and its sanitizers; takes some minutes. The code that oneDNN generates at
# run time is not instrumented: what it writes where it should not goes unseen.
#
#   native/check-memory.sh
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/native"
(cd "$root/native" && cp -r ./*.cc ./*.h simd binding.gyp "$work/native")
ln -s "$root/node_modules" "$work/node_modules"

flags='-fsanitize=address,undefined -fno-omit-frame-pointer'
headers=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
cd "$work/native"
CXXFLAGS="$flags" LDFLAGS="$flags" node "$root/node_modules/node-gyp/bin/node-gyp.js" \
  rebuild --nodedir="$headers" --jobs=max >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# node itself is not instrumented: the sanitizers' libraries have to come first, and what V8 keeps is no leak.
for isa in base avx2 avx512; do
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ADAMW_BENCH_ISA=$isa \
    node "$root/native/exercise.mjs" "$work/native/build/Release/adamw_onednn.node"
done

#!/bin/sh
# Runs every native function (exercise.mjs) under AddressSanitizer and UndefinedBehaviorSanitizer, once for each
# instruction set of this machine. Exits with 0 only if all of them ran and no error was found.
#
#   native/check-memory.sh
#
# Needs g++ with its sanitizers. Takes about 4 minutes of processor time, most of it for the build. The code that oneDNN
# generates at run time is not instrumented, so a wrong access there is not found.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/native"
(cd "$root/native" && cp -r ./*.cc ./*.h simd binding.gyp "$work/native")
cp "$root/package.json" "$work"
ln -s "$root/node_modules" "$work/node_modules"

echo 'check-memory: building with AddressSanitizer and UndefinedBehaviorSanitizer'
flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'
headers=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
cd "$work/native"
[ -f "$headers/include/node/node_api.h" ] && nodedir=--nodedir=$headers || nodedir=
# ADAMW_BENCH_WERROR is for the build that is shipped: a sanitizer makes g++ warn of what it cannot see.
ADAMW_BENCH_WERROR= CXXFLAGS="$flags" LDFLAGS="$flags" node "$root/node_modules/node-gyp/bin/node-gyp.js" \
  rebuild $nodedir --jobs=max >"$work/log" 2>&1 || { cat "$work/log"; echo 'check-memory: the build failed'; exit 1; }
addon=$work/native/build/Release/adamw_onednn.node

# node is not instrumented: the sanitizers' libraries must be loaded first, and memory that V8 keeps is no leak.
sanitized() {
  isa=$1
  shift
  LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ADAMW_BENCH_ISA=$isa node "$@"
}

checked= absent=
for isa in base avx2 avx512; do
  # Where an instruction set is missing, the addon takes a lesser one.
  kernels=$(sanitized $isa -p 'require(process.argv[1]).facts().kernels' "$addon")
  if [ "$kernels" != $isa ]; then
    absent="$absent $isa"
    continue
  fi
  sanitized $isa "$root/native/exercise.mjs" "$addon" || { echo "check-memory: an error with the kernels $isa"; exit 1; }
  checked="$checked $isa"
done
echo "check-memory: no errors with the kernels:$checked; not on this machine, so compiled only:${absent:- none}"

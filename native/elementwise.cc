// Elementwise kernels: ReLU and its gradient, and + - * / with the broadcasts that training uses.
#include "check.h"
#include "kernels.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using check::Index;
constexpr Index kLeast = 1 << 15;  // elements worth a thread

// (x, y)
Napi::Value relu(const Napi::CallbackInfo& info) {
  const Index n = info[0].IsTypedArray() ? info[0].As<Napi::TypedArray>().ElementLength() : 0;
  const float* x = check::floats(info, 0, "x", n);
  float* y = check::floats(info, 1, "y", n);
  threads::split(n, kLeast, [&](Index, threads::Range r) { simd::best().relu(r.end - r.begin, x + r.begin, y + r.begin); });
  return info.Env().Undefined();
}

// (dy, x, dx): dx = dy where x > 0. x may be ReLU's input or its output.
Napi::Value relu_gradient(const Napi::CallbackInfo& info) {
  const Index n = info[0].IsTypedArray() ? info[0].As<Napi::TypedArray>().ElementLength() : 0;
  const float* dy = check::floats(info, 0, "dy", n);
  const float* x = check::floats(info, 1, "x", n);
  float* dx = check::floats(info, 2, "dx", n);
  threads::split(n, kLeast, [&](Index, threads::Range r) {
    simd::best().relu_grad(r.end - r.begin, dy + r.begin, x + r.begin, dx + r.begin);
  });
  return info.Env().Undefined();
}

// (operation, mode, outer, inner, a, b, out): operation 0 + 1 - 2 * 3 /; modes as in simd/elementwise.inc.
Napi::Value binary(const Napi::CallbackInfo& info) {
  const int op = static_cast<int>(check::whole(info, 0, "operation", 0, 3));
  const int mode = static_cast<int>(check::whole(info, 1, "mode", 0, 4));
  const Index outer = check::whole(info, 2, "outer"), inner = check::whole(info, 3, "inner");
  const Index n = check::product(info, {outer, inner});
  const Index sizes[] = {n, inner, outer, inner, outer};
  const float* a = check::floats(info, 4, "a", mode <= 2 ? n : sizes[mode]);
  const float* b = check::floats(info, 5, "b", mode <= 2 ? sizes[mode] : n);
  float* out = check::floats(info, 6, "out", n);
  if (mode == 0) {
    threads::split(n, kLeast, [&](Index, threads::Range r) {
      simd::best().binary(op, 0, 1, r.end - r.begin, a + r.begin, b + r.begin, out + r.begin);
    });
  } else {
    simd::best().binary(op, mode, outer, inner, a, b, out);
  }
  return info.Env().Undefined();
}

}  // namespace

void add_elementwise(Napi::Object& exports) {
  add<relu>(exports, "relu");
  add<relu_gradient>(exports, "reluGradient");
  add<binary>(exports, "binary");
}

}  // namespace kernels

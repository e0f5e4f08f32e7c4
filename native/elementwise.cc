// Elementwise kernels: ReLU and its gradient, and + - * / with the broadcasts that training uses.
#include "check.h"
#include "exports.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using check::Index;
constexpr Index kMinElements = 1 << 15;  // fewer elements are not worth a thread

// (x, y)
Napi::Value relu(const Napi::CallbackInfo& info) {
  const Index n = info[0].IsTypedArray() ? info[0].As<Napi::TypedArray>().ElementLength() : 0;
  const float* x = check::floats(info, 0, "x", n);
  float* y = check::floats(info, 1, "y", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    simd::best().relu(r.end - r.begin, x + r.begin, y + r.begin);
  });
  return info.Env().Undefined();
}

// (dy, x, dx): dx = dy where x > 0. x may be ReLU's input or its output.
Napi::Value relu_gradient(const Napi::CallbackInfo& info) {
  const Index n = info[0].IsTypedArray() ? info[0].As<Napi::TypedArray>().ElementLength() : 0;
  const float* dy = check::floats(info, 0, "dy", n);
  const float* x = check::floats(info, 1, "x", n);
  float* dx = check::floats(info, 2, "dx", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    simd::best().relu_grad(r.end - r.begin, dy + r.begin, x + r.begin, dx + r.begin);
  });
  return info.Env().Undefined();
}

// The elements of an operand that is repeated along the axes whose bit is set in `repeated`, and its steps.
Index steps(const Index (&size)[4], int repeated, Index (&step)[4]) {
  Index elements = 1;
  for (int axis = 3; axis >= 0; --axis) {
    const bool repeats = (repeated >> axis & 1) != 0;
    step[axis] = repeats ? 0 : elements;
    if (!repeats) elements *= size[axis];
  }
  return elements;
}

// (operation, d0, d1, d2, d3, repeatA, repeatB, a, b, out): out [d0, d1, d2, d3] = a op b, operation 0 + 1 - 2 * 3 /.
// Bit k of repeatA says that a has 1 where out has dk.
Napi::Value binary(const Napi::CallbackInfo& info) {
  const int op = static_cast<int>(check::integer(info, 0, "operation", 0, 3));
  simd::Broadcast shape = {};
  for (int k = 0; k < 4; ++k) shape.size[k] = check::integer(info, 1 + k, "size");
  const Index n = check::product(info, {shape.size[0], shape.size[1], shape.size[2], shape.size[3]});
  const int repeat_a = static_cast<int>(check::integer(info, 5, "repeatA", 0, 15));
  const int repeat_b = static_cast<int>(check::integer(info, 6, "repeatB", 0, 15));
  const float* a = check::floats(info, 7, "a", steps(shape.size, repeat_a, shape.a));
  const float* b = check::floats(info, 8, "b", steps(shape.size, repeat_b, shape.b));
  float* out = check::floats(info, 9, "out", n);
  if (repeat_a == 0 && repeat_b == 0) {
    threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
      const simd::Broadcast run = {{1, 1, 1, r.end - r.begin}, {0, 0, 0, 1}, {0, 0, 0, 1}};
      simd::best().binary(op, run, a + r.begin, b + r.begin, out + r.begin);
    });
  } else {
    simd::best().binary(op, shape, a, b, out);
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

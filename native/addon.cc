// The addon's entry point. It exports facts about the build and the machine, the thread count, and the kernels of the
// other files.
#ifndef __linux__
#error "the onednn backend builds on Linux only; elsewhere use the wasm backend, which needs no build"
#endif
#include <sys/mman.h>

#include <dnnl.hpp>
#include <string>

#include "check.h"
#include "exports.h"
#include "simd/table.h"
#include "threads.h"

namespace {

// The version of the npm package that this file was built from. The loader reads it from the file, before it loads it.
constexpr char kBuiltFrom[] = "adamw-bench addon " ADAMW_BENCH_VERSION;
constexpr size_t kPrefix = sizeof("adamw-bench addon ") - 1;

const char* isa_name(dnnl::cpu_isa isa) {
  switch (isa) {
    case dnnl::cpu_isa::sse41: return "SSE4.1";
    case dnnl::cpu_isa::avx: return "AVX";
    case dnnl::cpu_isa::avx2: return "AVX2";
    case dnnl::cpu_isa::avx512_core: return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni: return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16: return "AVX-512 BF16";
    default: break;
  }
  return static_cast<int>(isa) > static_cast<int>(dnnl::cpu_isa::avx512_core) ? "AVX-512 or better" : "unknown";
}

// -> { version, isa, kernels, builtFrom }: oneDNN's version and instruction set, that of this package's own kernels,
// and the version of this package.
Napi::Value facts(const Napi::CallbackInfo& info) {
  const dnnl_version_t* v = dnnl_version();
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("version", std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch));
  out.Set("isa", isa_name(dnnl::get_effective_cpu_isa()));
  out.Set("kernels", simd::best().name);
  out.Set("builtFrom", kBuiltFrom + kPrefix);
  return out;
}

// (threads): the threads that kernels called from this JavaScript thread use.
Napi::Value set_threads(const Napi::CallbackInfo& info) {
  threads::count = static_cast<int>(check::integer(info, 0, "threads", 1, 1024));
  omp_set_num_threads(threads::count);
  return info.Env().Undefined();
}

// Asks for large pages for a large buffer. Reading it then costs fewer page faults and address look-ups.
void ask_large_pages(void* data, size_t bytes) {
  constexpr std::uintptr_t kPage = 2 << 20;
  const auto start = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (start + kPage - 1) / kPage * kPage, end = (start + bytes) / kPage * kPage;
  // Only a hint: if the system refuses it, nothing is lost.
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

// (buffer: ArrayBuffer) -> bytes from its start to the first cache line. Call it before the buffer is first used.
Napi::Value alignment(const Napi::CallbackInfo& info) {
  if (!info[0].IsArrayBuffer()) check::fail(info, "argument 0 (buffer) must be an ArrayBuffer");
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  ask_large_pages(buffer.Data(), buffer.ByteLength());
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.Data());
  return Napi::Number::New(info.Env(), static_cast<double>((64 - address % 64) % 64));
}

Napi::Object init(Napi::Env, Napi::Object exports) {
  kernels::add<facts>(exports, "facts");
  kernels::add<set_threads>(exports, "setThreads");
  kernels::add<alignment>(exports, "alignment");
  kernels::add_convolution(exports);
  kernels::add_matmul(exports);
  kernels::add_pooling(exports);
  kernels::add_elementwise(exports);
  kernels::add_reduction(exports);
  kernels::add_batch_norm(exports);
  kernels::add_training(exports);
  kernels::add_transformer(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(adamw_onednn, init)

// Chooses the widest instruction set that both this build and this machine have.
#include "table.h"

#include <cstdlib>
#include <cstring>

namespace simd {
namespace {

const Table& choose() noexcept {
  const char* asked = std::getenv("ADAMW_BENCH_ISA");
#ifdef WITH_X86_KERNELS
  const bool any = asked == nullptr || *asked == 0;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx512 && (any || std::strcmp(asked, "avx512") == 0)) return table_avx512;
  if (avx2 && (any || std::strcmp(asked, "base") != 0)) return table_avx2;
#endif
  (void)asked;
  return table_base;
}

}  // namespace

const Table& best() noexcept {
  static const Table& chosen = choose();
  return chosen;
}

}  // namespace simd

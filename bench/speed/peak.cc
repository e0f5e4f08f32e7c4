// What a core can do at most: independent multiply-adds in registers, as wide as the compiler's target has them.
// Prints GFLOP/s, a multiply-add being two operations. Usage: peak [start, seconds since 1970] [seconds]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
typedef float Vector __attribute__((vector_size(kWidth * sizeof(float))));

// Enough chains to cover the latency of a multiply-add on two units, few enough for the registers.
constexpr int kChains = 12;
constexpr long kRepeats = 100000;

float burst(float factor, float summand) {
  const Vector a = Vector{} + factor, b = Vector{} + summand;
  Vector chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = Vector{} + static_cast<float>(c);
  for (long i = 0; i < kRepeats; ++i) {
#pragma GCC unroll 16
    for (int c = 0; c < kChains; ++c) {
      chain[c] = chain[c] * a + b;
      // Keeps every chain in its own register, and the loop from being computed beforehand.
      asm volatile("" : "+x"(chain[c]));
    }
  }
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += chain[c][0];
  return sum;
}

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const double start = argc > 1 ? std::atof(argv[1]) : 0, seconds = argc > 2 ? std::atof(argv[2]) : 0.3;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  if (start > now.count()) std::this_thread::sleep_for(std::chrono::duration<double>(start - now.count()));
  volatile float factor = 0.999f, summand = 0.001f, sink = burst(factor, summand);
  const auto began = Clock::now();
  double elapsed = 0;
  long bursts = 0;
  while (elapsed < seconds) {
    sink = burst(factor, summand);
    ++bursts;
    elapsed = std::chrono::duration<double>(Clock::now() - began).count();
  }
  (void)sink;
  std::printf("%.3f\n", 2.0 * kWidth * kChains * kRepeats * static_cast<double>(bursts) / elapsed / 1e9);
}

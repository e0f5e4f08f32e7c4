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

// Enough chains to cover the latency of a multiply-add on two units, few enough for sixteen registers.
#define EACH_CHAIN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define COUNT(N) +1
constexpr int kChains = EACH_CHAIN(COUNT);
constexpr long kRepeats = 100000;

// Each chain is a variable of its own: an array of them would be kept in memory, and its loads and stores measured.
#define DECLARE(N) Vector chain##N = Vector{} + static_cast<float>(N);
// The empty assembly keeps the loop from being computed beforehand.
#define MULTIPLY_ADD(N) chain##N = chain##N * a + b; asm volatile("" : "+x"(chain##N));
#define SUM(N) sum += chain##N[0];

float burst(float factor, float summand) {
  const Vector a = Vector{} + factor, b = Vector{} + summand;
  EACH_CHAIN(DECLARE)
  for (long i = 0; i < kRepeats; ++i) {
    EACH_CHAIN(MULTIPLY_ADD)
  }
  float sum = 0;
  EACH_CHAIN(SUM)
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

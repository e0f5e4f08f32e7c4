// Signals are blocked on a thread that computes. oneDNN's sgemm, up to version 3.11.1, points the stack pointer into
// the heap while it multiplies. A signal handler that ran then would overwrite what lies there: tensors or the
// allocator's own records (https://github.com/uxlfoundation/oneDNN/issues/4845).
#pragma once
#include <pthread.h>
#include <signal.h>

namespace signals {

// Blocks signals on this thread while it exists. The system then delivers them to Node's other threads, whose handlers
// only write a byte to a pipe. Threads that OpenMP starts meanwhile inherit the mask.
class Blocked {
 public:
  Blocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    // Signals that an instruction of this thread causes stay as they are.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~Blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace signals

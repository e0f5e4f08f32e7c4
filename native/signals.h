// No signal handler runs on a thread that computes. oneDNN's sgemm, up to version 3.11.1, points the stack pointer into
// the heap while it multiplies: the frame of a handler that ran then would overwrite whatever lies there, tensors or
// the allocator's own records (https://github.com/uxlfoundation/oneDNN/issues/4845).
#pragma once
#include <pthread.h>
#include <signal.h>

namespace signals {

// While it lives, the system gives signals to Node's other threads, whose handlers only write a byte to a pipe.
// Threads that OpenMP starts meanwhile never see one.
class Elsewhere {
 public:
  Elsewhere() {
    sigset_t most;
    sigfillset(&most);
    // What an instruction of this thread itself causes.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&most, fault);
    pthread_sigmask(SIG_SETMASK, &most, &before_);
  }
  ~Elsewhere() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

 private:
  sigset_t before_;
};

}  // namespace signals

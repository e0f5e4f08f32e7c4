// What the tensorflow backend needs besides @tensorflow/tfjs-node-gpu;
// `adamw-bench setup` compiles it.
//
// open: TensorFlow opens the CUDA libraries with dlopen, along the RUNPATH of
// the library that calls it: libtensorflow_framework.so.2. This addon lies
// beside that library and is linked with the same RUNPATH, so what it finds is
// what TensorFlow finds.
//
// blockSignals: TensorFlow multiplies matrices with oneDNN's sgemm, which
// points the stack pointer into the heap meanwhile (see native/signals.h): a
// signal handler that ran on such a thread would overwrite what lies there.

#include <dlfcn.h>
#include <link.h>
#include <node_api.h>
#include <pthread.h>
#include <signal.h>

#include <string>

namespace {

napi_value Text(napi_env env, const std::string &text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

// open(name): { path } where it opens, { problem } in the loader's words where
// it does not.
napi_value Open(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  char name[256];
  size_t length = 0;
  if (count != 1 || napi_get_value_string_utf8(env, argument, name, sizeof name,
                                               &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "open wants the name of a library");
    return nullptr;
  }
  napi_value result = nullptr;
  napi_create_object(env, &result);
  // Never closed: CUDA's libraries do not all survive that.
  void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  link_map *place = nullptr;
  if (library != nullptr && dlinfo(library, RTLD_DI_LINKMAP, &place) == 0) {
    napi_set_named_property(env, result, "path", Text(env, place->l_name));
  } else {
    const char *problem = dlerror();
    napi_set_named_property(
        env, result, "problem",
        Text(env, problem == nullptr ? "unknown" : problem));
  }
  return result;
}

// From now on the system gives signals to Node's other threads, whose handlers
// only write a byte to a pipe. Threads that this one starts later, TensorFlow's
// among them, never see one.
napi_value BlockSignals(napi_env, napi_callback_info) {
  sigset_t most;
  sigfillset(&most);
  // What an instruction of this thread itself causes.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP})
    sigdelset(&most, fault);
  pthread_sigmask(SIG_SETMASK, &most, nullptr);
  return nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  napi_value open = nullptr;
  napi_create_function(env, "open", NAPI_AUTO_LENGTH, Open, nullptr, &open);
  napi_set_named_property(env, exports, "open", open);
  napi_value block = nullptr;
  napi_create_function(env, "blockSignals", NAPI_AUTO_LENGTH, BlockSignals,
                       nullptr, &block);
  napi_set_named_property(env, exports, "blockSignals", block);
  return exports;
}

} // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)

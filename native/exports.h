// The functions that this addon exports to JavaScript, by file, and the guard that each of them runs under.
#pragma once
#include <napi.h>

#include <dnnl.hpp>
#include <new>

#include "signals.h"

namespace kernels {

using Function = Napi::Value (*)(const Napi::CallbackInfo&);

// Turns what oneDNN and the allocator throw into JavaScript errors. Signals are blocked meanwhile.
template <Function function>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  const signals::Blocked blocked;
  try {
    return function(info);
  } catch (const Napi::Error&) {
    throw;
  } catch (const dnnl::error& error) {
    throw Napi::Error::New(info.Env(), std::string("oneDNN refused the operation: ") + error.what());
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(info.Env(), "the oneDNN backend ran out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

template <Function function>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<guarded<function>>(exports.Env(), name));
}

void add_convolution(Napi::Object& exports);
void add_matmul(Napi::Object& exports);
void add_pooling(Napi::Object& exports);
void add_elementwise(Napi::Object& exports);
void add_reduction(Napi::Object& exports);
void add_batch_norm(Napi::Object& exports);
void add_training(Napi::Object& exports);
void add_transformer(Napi::Object& exports);

}  // namespace kernels

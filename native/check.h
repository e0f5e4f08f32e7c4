// Checks of every argument that comes from JavaScript. A bad one becomes a JavaScript TypeError or RangeError before
// any memory is touched.
#pragma once
#include <napi.h>

#include <cstdint>
#include <string>

namespace check {

using Index = std::ptrdiff_t;
constexpr Index kMaxElements = Index{1} << 31;

inline std::string at(const Napi::CallbackInfo&, size_t i, const char* name) {
  return "argument " + std::to_string(i) + " (" + name + ")";
}

[[noreturn]] inline void fail(const Napi::CallbackInfo& info, const std::string& message) {
  throw Napi::TypeError::New(info.Env(), message);
}

// The elements of a typed array of this type with exactly `length` of them.
template <class T>
T* elements(const Napi::CallbackInfo& info, size_t i, const char* name, Index length, napi_typedarray_type wanted,
            const char* type) {
  napi_typedarray_type kind;
  size_t found = 0;
  void* data = nullptr;
  const napi_value value = info[i];
  bool is = false;
  napi_is_typedarray(info.Env(), value, &is);
  if (!is || napi_get_typedarray_info(info.Env(), value, &kind, &found, &data, nullptr, nullptr) != napi_ok ||
      kind != wanted)
    fail(info, at(info, i, name) + " must be a " + type);
  if (static_cast<Index>(found) != length)
    fail(info, at(info, i, name) + " has " + std::to_string(found) + " elements where " + std::to_string(length) +
                   " are needed (a detached buffer has none)");
  if (length > 0 && data == nullptr) fail(info, at(info, i, name) + " has a detached buffer");
  return static_cast<T*>(data);
}

inline float* floats(const Napi::CallbackInfo& info, size_t i, const char* name, Index length) {
  return elements<float>(info, i, name, length, napi_float32_array, "Float32Array");
}

inline int32_t* ints(const Napi::CallbackInfo& info, size_t i, const char* name, Index length) {
  return elements<int32_t>(info, i, name, length, napi_int32_array, "Int32Array");
}

inline uint8_t* bytes(const Napi::CallbackInfo& info, size_t i, const char* name, Index length) {
  return elements<uint8_t>(info, i, name, length, napi_uint8_array, "Uint8Array");
}

// As floats, but null or undefined gives a null pointer.
inline float* floats_or_null(const Napi::CallbackInfo& info, size_t i, const char* name, Index length) {
  const Napi::Value value = info[i];
  return value.IsNull() || value.IsUndefined() ? nullptr : floats(info, i, name, length);
}

inline double number(const Napi::CallbackInfo& info, size_t i, const char* name) {
  if (!info[i].IsNumber()) fail(info, at(info, i, name) + " must be a number");
  return info[i].As<Napi::Number>().DoubleValue();
}

// A whole number from `min` to `max`.
inline Index integer(const Napi::CallbackInfo& info, size_t i, const char* name, Index min = 0,
                     Index max = kMaxElements) {
  const double value = number(info, i, name);
  if (!(value >= static_cast<double>(min) && value <= static_cast<double>(max)) ||
      value != static_cast<double>(static_cast<Index>(value)))
    fail(info,
         at(info, i, name) + " must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return static_cast<Index>(value);
}

inline bool boolean(const Napi::CallbackInfo& info, size_t i, const char* name) {
  if (!info[i].IsBoolean()) fail(info, at(info, i, name) + " must be a boolean");
  return info[i].As<Napi::Boolean>().Value();
}

// A product of sizes that stays within what one tensor may hold.
inline Index product(const Napi::CallbackInfo& info, std::initializer_list<Index> sizes) {
  Index total = 1;
  for (const Index size : sizes) {
    if (size < 0 || (size > 0 && total > kMaxElements / size))
      throw Napi::RangeError::New(info.Env(), "the shape asked for is negative or larger than 2^31 elements");
    total *= size;
  }
  return total;
}

}  // namespace check

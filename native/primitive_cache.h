// oneDNN's engine and stream of this JavaScript thread, and its primitives, made once for each shape.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "onednn_compat.h"

namespace onednn {

// Leaked on purpose: oneDNN's own statics may be gone when a thread's are destroyed at exit.
inline dnnl::engine& engine() {
  static dnnl::engine& only = *new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return only;
}

inline dnnl::stream& stream() {
  static thread_local std::unique_ptr<dnnl::stream> own = std::make_unique<dnnl::stream>(engine());
  return *own;
}

// Keeps what `make` built for a key. A program has few shapes; one that has very many loses the oldest all at once.
template <class Value, std::size_t KeyLength>
class Cache {
 public:
  using Key = std::array<std::int64_t, KeyLength>;

  template <class Make>
  Value& get(const Key& key, const Make& make) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) return *found->second;
    if (entries_.size() >= kMost) entries_.clear();
    return *(entries_[key] = std::make_unique<Value>(make()));
  }

 private:
  static constexpr std::size_t kMost = 512;
  std::map<Key, std::unique_ptr<Value>> entries_;
};

}  // namespace onednn

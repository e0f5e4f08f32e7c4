// oneDNN's engine, its stream for each JavaScript thread, and a cache of its primitives by shape.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "onednn_compat.h"

namespace onednn {

// Never freed: at exit oneDNN's statics may be destroyed before those of a thread.
inline dnnl::engine& engine() {
  static dnnl::engine& only = *new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return only;
}

inline dnnl::stream& stream() {
  static thread_local std::unique_ptr<dnnl::stream> own = std::make_unique<dnnl::stream>(engine());
  return *own;
}

// Keeps what `make` returned for a key. A program has few shapes. When there are too many, all entries are dropped.
template <class Value, std::size_t KeyLength>
class Cache {
 public:
  using Key = std::array<std::int64_t, KeyLength>;

  template <class Make>
  Value& get(const Key& key, const Make& make) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) return *found->second;
    if (entries_.size() >= kMaxEntries) entries_.clear();
    return *(entries_[key] = std::make_unique<Value>(make()));
  }

 private:
  static constexpr std::size_t kMaxEntries = 512;
  std::map<Key, std::unique_ptr<Value>> entries_;
};

}  // namespace onednn

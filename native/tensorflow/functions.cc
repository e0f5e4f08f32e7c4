// TensorFlow functions for the tensorflow backend; `adamw-bench setup` compiles
// it. A function is a graph under a name. TensorFlow runs it as one operation,
// and so does the binding of tfjs-node: executeOp(name, [], inputs, outputs).
//
// The function has to be known to the binding's TFE_Context, which the binding
// keeps to itself. So this addon defines TFE_NewContext: it calls TensorFlow's
// own and remembers the result. For the binding to find this definition first,
// the addon is loaded before it, with RTLD_GLOBAL.
//
// It is not linked with TensorFlow: RTLD_GLOBAL would hold for TensorFlow's
// libraries, too, and their copies of BoringSSL and others would get in the way
// of other addons. It finds TensorFlow's functions in the library that asked
// for the context.

#include <dlfcn.h>
#include <node_api.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace {

TFE_Context* context = nullptr;
/// The library that made the context; TensorFlow's are among those it needs.
void* owner = nullptr;

/// One of TensorFlow's own functions.
template <typename Function>
Function* Real(const char* name) {
  void* found = owner == nullptr ? nullptr : dlsym(owner, name);
  if (found == nullptr) throw std::runtime_error(std::string("TensorFlow has no ") + name);
  return reinterpret_cast<Function*>(found);
}

// The name of a function of TensorFlow's stands for its type and its text.
#define TENSORFLOW(name) Real<decltype(name)>(#name)

/// Status of one call after the other. Fails with TensorFlow's words.
class Status {
 public:
  Status() : status_(TENSORFLOW(TF_NewStatus)()) {}
  ~Status() { TENSORFLOW(TF_DeleteStatus)(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  operator TF_Status*() const { return status_; }
  void Check() const {
    if (TENSORFLOW(TF_GetCode)(status_) != TF_OK) throw std::runtime_error(TENSORFLOW(TF_Message)(status_));
  }

 private:
  TF_Status* status_;
};

/// The graph of a serialised GraphDef.
class Graph {
 public:
  Graph(const void* data, size_t length, const Status& status) : graph_(TENSORFLOW(TF_NewGraph)()) {
    TF_Buffer* buffer = TENSORFLOW(TF_NewBufferFromString)(data, length);
    auto* options = TENSORFLOW(TF_NewImportGraphDefOptions)();
    TENSORFLOW(TF_GraphImportGraphDef)(graph_, buffer, options, status);
    TENSORFLOW(TF_DeleteImportGraphDefOptions)(options);
    TENSORFLOW(TF_DeleteBuffer)(buffer);
  }
  ~Graph() { TENSORFLOW(TF_DeleteGraph)(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  operator TF_Graph*() const { return graph_; }

  /// The first output of each of these nodes.
  std::vector<TF_Output> Outputs(const std::vector<std::string>& names) const {
    std::vector<TF_Output> outputs;
    for (const auto& name : names) {
      TF_Operation* node = TENSORFLOW(TF_GraphOperationByName)(graph_, name.c_str());
      if (node == nullptr) throw std::runtime_error("the graph has no node " + name);
      outputs.push_back({node, 0});
    }
    return outputs;
  }

 private:
  TF_Graph* graph_;
};

void Require(napi_status status) {
  if (status != napi_ok) throw std::invalid_argument("an argument of the wrong type");
}

std::string Text(napi_env env, napi_value value) {
  size_t length = 0;
  Require(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  Require(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

std::vector<std::string> Texts(napi_env env, napi_value array) {
  uint32_t length = 0;
  Require(napi_get_array_length(env, array, &length));
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    Require(napi_get_element(env, array, i, &element));
    texts.push_back(Text(env, element));
  }
  return texts;
}

void RequireContext() {
  if (context == nullptr) throw std::runtime_error("tfjs-node was loaded before this addon");
}

/// Runs `body(arguments)`; what it throws becomes a JavaScript error.
template <size_t count, typename Body>
napi_value Guarded(napi_env env, napi_callback_info info, Body body) {
  try {
    napi_value arguments[count] = {};
    size_t given = count;
    Require(napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr));
    if (given != count) throw std::invalid_argument("a wrong number of arguments");
    body(arguments);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}

// add(name, graphDef, inputs, outputs, xla): a function with this name, of these
// nodes of the graph. With xla TensorFlow must compile it.
napi_value Add(napi_env env, napi_callback_info info) {
  return Guarded<5>(env, info, [env](const napi_value* arguments) {
    RequireContext();
    const std::string name = Text(env, arguments[0]);
    void* data = nullptr;
    size_t length = 0;
    Require(napi_get_buffer_info(env, arguments[1], &data, &length));
    bool xla = false;
    Require(napi_get_value_bool(env, arguments[4], &xla));
    const Status status;
    const Graph graph(data, length, status);
    status.Check();
    const auto inputs = graph.Outputs(Texts(env, arguments[2]));
    const auto outputs = graph.Outputs(Texts(env, arguments[3]));
    TF_Function* function = TENSORFLOW(TF_GraphToFunction)(
        graph, name.c_str(), 0, -1, nullptr, static_cast<int>(inputs.size()), inputs.data(),
        static_cast<int>(outputs.size()), outputs.data(), nullptr, nullptr, nullptr, status);
    status.Check();
    if (xla) {
      // AttrValue{b: true}
      const char yes[] = {0x28, 0x01};
      TENSORFLOW(TF_FunctionSetAttrValueProto)(function, "_XlaMustCompile", yes, sizeof yes, status);
    }
    TENSORFLOW(TFE_ContextAddFunction)(context, function, status);
    TENSORFLOW(TF_DeleteFunction)(function);
    status.Check();
  });
}

// remove(name): TensorFlow forgets the function and what it has prepared for it.
napi_value Remove(napi_env env, napi_callback_info info) {
  return Guarded<1>(env, info, [env](const napi_value* arguments) {
    RequireContext();
    const Status status;
    TENSORFLOW(TFE_ContextRemoveFunction)
    (context, Text(env, arguments[0]).c_str(), status);
    status.Check();
  });
}

// isReady(): whether tfjs-node has made its context by way of this addon.
napi_value IsReady(napi_env env, napi_callback_info) {
  napi_value ready = nullptr;
  napi_get_boolean(env, context != nullptr, &ready);
  return ready;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) TFE_Context* TFE_NewContext(const TFE_ContextOptions* options,
                                                                              TF_Status* status) {
  // The library that called: tfjs-node's binding.
  Dl_info caller;
  void* library = nullptr;
  if (dladdr(__builtin_return_address(0), &caller) != 0) library = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  // dlsym looks into that library and into those it is linked with, not here.
  void* real = library == nullptr ? nullptr : dlsym(library, "TFE_NewContext");
  if (real == nullptr) return nullptr;
  TFE_Context* made = reinterpret_cast<decltype(TFE_NewContext)*>(real)(options, status);
  context = made;
  owner = library;
  return made;
}

NAPI_MODULE_INIT() {
  Export(env, exports, "add", Add);
  Export(env, exports, "remove", Remove);
  Export(env, exports, "isReady", IsReady);
  return exports;
}

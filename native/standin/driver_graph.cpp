// The driver API: captures and graphs. A graph keeps its work with the arguments of the capture, in the order of the
// capture, which is one of the orders that a GPU may take.
#include "call.h"
#include "counters.h"
#include "handles.h"
#include "stream.h"
#include <algorithm>
#include <fstream>

using namespace tf_standin;

TF_API int cuStreamBeginCapture_v2(void* handle, int mode) {
    static Call call("cuStreamBeginCapture_v2");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(handle);
    if (stream == nullptr) return invalid_handle;
    if (mode < 0 || mode > static_cast<int>(CaptureMode::relaxed)) return invalid_value;
    return stream->begin_capture(static_cast<CaptureMode>(mode));
}

TF_API int cuStreamEndCapture(void* handle, void** graph) {
    static Call call("cuStreamEndCapture");
    *graph = nullptr;
    int told = call.begin(Needs::context);
    auto stream = find_stream(handle);
    if (stream == nullptr) return told != success ? told : static_cast<int>(invalid_handle);
    // Whatever goes wrong, the capture is over.
    std::vector<Work> nodes;
    int error = stream->end_capture(&nodes);
    if (told != success || error != success) return told != success ? told : error;
    auto made = std::make_shared<Graph>();
    made->nodes = std::make_shared<const std::vector<Work>>(std::move(nodes));
    *graph = handles<Graph>().add(made);
    return success;
}

TF_API int cuStreamIsCapturing(void* handle, int* status) {
    static Call call("cuStreamIsCapturing");
    if (int error = call.begin(Needs::context)) return error;
    auto stream = find_stream(handle);
    if (stream == nullptr) return invalid_handle;
    constexpr int none = 0, active = 1, invalidated = 2;
    auto capture = stream->capture();
    *status = capture == nullptr ? none : capture->invalid ? invalidated : active;
    return success;
}

TF_API int cuThreadExchangeStreamCaptureMode(int* mode) {
    static Call call("cuThreadExchangeStreamCaptureMode");
    if (int error = call.begin(Needs::driver)) return error;
    if (*mode < 0 || *mode > static_cast<int>(CaptureMode::relaxed)) return invalid_value;
    *mode = static_cast<int>(exchange_capture_mode(static_cast<CaptureMode>(*mode)));
    return success;
}

TF_API int cuGraphInstantiateWithFlags(void** executable, void* handle, unsigned long long) {
    static Call call("cuGraphInstantiateWithFlags");
    if (int error = call.begin(Needs::context)) return error;
    auto graph = handles<Graph>().find(handle);
    if (graph == nullptr) return invalid_value;
    auto made = std::make_shared<ExecutableGraph>();
    made->nodes = graph->nodes;
    *executable = handles<ExecutableGraph>().add(made);
    return success;
}

TF_API int cuGraphLaunch(void* handle, void* stream) {
    static Call call("cuGraphLaunch");
    if (int error = call.begin(Needs::context)) return error;
    auto graph = handles<ExecutableGraph>().find(handle);
    if (graph == nullptr) return invalid_value;
    ++counters().graph_launches;
    return submit(stream, {"cuGraphLaunch", WorkKind::kernel, [nodes = graph->nodes]() -> Ending {
                               for (const Work& node : *nodes) {
                                   Ending ending = node.run();
                                   if (ending.error != success) return {ending.error, node.what + ": " + ending.reason};
                               }
                               return {};
                           }});
}

TF_API int cuGraphUpload(void* handle, void* stream) {
    static Call call("cuGraphUpload");
    if (int error = call.begin(Needs::context)) return error;
    if (handles<ExecutableGraph>().find(handle) == nullptr) return invalid_value;
    return find_stream(stream) == nullptr ? invalid_handle : success;
}

namespace {

struct CUgraphExecUpdateResultInfo {
    int result;
    void* error_node;
    void* error_from_node;
};

} // namespace

TF_API int cuGraphExecUpdate_v2(void* handle, void* graph_handle, CUgraphExecUpdateResultInfo* info) {
    static Call call("cuGraphExecUpdate_v2");
    if (int error = call.begin(Needs::context)) return error;
    auto executable = handles<ExecutableGraph>().find(handle);
    auto graph = handles<Graph>().find(graph_handle);
    if (executable == nullptr || graph == nullptr) return invalid_value;
    constexpr int updated = 0, topology_changed = 2, update_failure = 910;
    auto same_kind = [](const Work& a, const Work& b) { return a.what == b.what; };
    const auto &before = *executable->nodes, &after = *graph->nodes;
    bool same = std::equal(before.begin(), before.end(), after.begin(), after.end(), same_kind);
    *info = {same ? updated : topology_changed, nullptr, nullptr};
    if (!same) return update_failure;
    executable->nodes = graph->nodes;
    return success;
}

TF_API int cuGraphGetNodes(void* handle, void** nodes, std::size_t* count) {
    static Call call("cuGraphGetNodes");
    if (int error = call.begin(Needs::context)) return error;
    auto graph = handles<Graph>().find(handle);
    if (graph == nullptr) return invalid_value;
    std::size_t room = *count;
    *count = graph->nodes->size();
    for (std::size_t i = 0; nodes != nullptr && i < room; ++i) {
        nodes[i] = i < *count ? const_cast<Work*>(&(*graph->nodes)[i]) : nullptr;
    }
    return success;
}

TF_API int cuGraphDebugDotPrint(void* handle, const char* path, unsigned) {
    static Call call("cuGraphDebugDotPrint");
    if (int error = call.begin(Needs::context)) return error;
    auto graph = handles<Graph>().find(handle);
    if (graph == nullptr) return invalid_value;
    std::ofstream file(path);
    file << "digraph step {\n";
    for (std::size_t i = 0; i < graph->nodes->size(); ++i) {
        file << "  n" << i << " [label=\"" << (*graph->nodes)[i].what << "\"];\n";
        if (i > 0) file << "  n" << i - 1 << " -> n" << i << ";\n";
    }
    file << "}\n";
    return file ? success : invalid_value;
}

TF_API int cuGraphExecDestroy(void* handle) {
    static Call call("cuGraphExecDestroy");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    return handles<ExecutableGraph>().remove(handle) == nullptr ? static_cast<int>(invalid_value) : error;
}

TF_API int cuGraphDestroy(void* handle) {
    static Call call("cuGraphDestroy");
    int error = call.begin(Needs::context);
    if (error != success && !is_sticky(error)) return error;
    return handles<Graph>().remove(handle) == nullptr ? static_cast<int>(invalid_value) : error;
}

TF_API int cuDeviceGraphMemTrim(int ordinal) {
    static Call call("cuDeviceGraphMemTrim");
    if (int error = call.begin(Needs::driver)) return error;
    return device(ordinal) == nullptr ? invalid_device : success;
}

#include "options.h"
#include <cctype>
#include <cstdlib>

namespace tf_standin {
namespace {

// All options of an Options, in their order.
template <class Visit> void each(Options& o, Visit visit) {
    for (Option* option : {&o.devices, &o.driver_version, &o.memory_bytes, &o.compute_capability, &o.multiprocessors,
                           &o.deferred, &o.queue_limit, &o.order, &o.cpu_threads, &o.protect, &o.cudnn_version,
                           &o.lost_device}) {
        visit(*option);
    }
}

} // namespace

Option* Options::find(const std::string& name) {
    Option* found = nullptr;
    each(*this, [&](Option& option) {
        if (name == option.name) found = &option;
    });
    return found;
}

void Options::reset() {
    each(*this, [](Option& option) {
        std::string variable = "TINYFLOW_STANDIN_";
        for (const char* c = option.name; *c != 0; ++c) variable += static_cast<char>(std::toupper(*c));
        const char* text = std::getenv(variable.c_str());
        option.value = text != nullptr ? std::atoll(text) : option.initial;
    });
}

Options& options() {
    static Options& all = *[] {
        Options* made = new Options;
        made->reset();
        return made;
    }();
    return all;
}

} // namespace tf_standin

#include "call.h"
#include "device.h"
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>

namespace tf_standin {
namespace {

struct Failure {
    int remaining; // calls until it happens; 0: at each
    int code;
};

std::mutex rules_mutex;
std::atomic<bool> any_rules{false};
std::atomic<Call*> first_call{nullptr};

// TINYFLOW_STANDIN_FAIL="function:nth:code,..." gives rules to programs that tests start.
std::map<std::string, Failure> rules_of_environment() {
    std::map<std::string, Failure> rules;
    const char* text = std::getenv("TINYFLOW_STANDIN_FAIL");
    std::istringstream parts(text != nullptr ? text : "");
    for (std::string part; std::getline(parts, part, ',');) {
        std::istringstream fields(part);
        std::string name, nth, code;
        if (std::getline(fields, name, ':') && std::getline(fields, nth, ':') && std::getline(fields, code, ':')) {
            rules[name] = {std::atoi(nth.c_str()), std::atoi(code.c_str())};
        }
    }
    any_rules = !rules.empty();
    return rules;
}

std::map<std::string, Failure>& rules() {
    static std::map<std::string, Failure> all = rules_of_environment();
    return all;
}

const bool environment_was_read = (rules(), true);

} // namespace

int failure_of(const char* name) {
    if (!any_rules.load(std::memory_order_relaxed)) return success;
    std::lock_guard<std::mutex> lock(rules_mutex);
    auto rule = rules().find(name);
    if (rule == rules().end()) return success;
    int code = rule->second.code;
    if (rule->second.remaining > 0) {
        if (--rule->second.remaining > 0) return success;
        rules().erase(rule);
        any_rules = !rules().empty();
    }
    return code;
}

Call::Call(const char* name) : _name(name), _next(first_call.load()) {
    while (!first_call.compare_exchange_weak(_next, this)) {
    }
}

int Call::count_and_fail() {
    _count.fetch_add(1, std::memory_order_relaxed);
    return failure_of(_name);
}

int Call::begin(Needs needs) {
    if (int code = count_and_fail()) {
        Device* device = current_device();
        if (device != nullptr && is_sticky(code)) device->lose(code, std::string(_name) + " was told to fail");
        return code;
    }
    if (needs == Needs::nothing) return success;
    if (!is_initialized()) return not_initialized;
    if (needs == Needs::driver) return success;
    Device* device = current_device();
    if (device == nullptr || !device->is_retained()) return invalid_context;
    return device->lost();
}

long long Call::count_of(const std::string& name) {
    for (Call* call = first_call; call != nullptr; call = call->_next) {
        if (name == call->_name) return call->_count;
    }
    return 0;
}

void Call::reset_counts() {
    for (Call* call = first_call; call != nullptr; call = call->_next) call->_count = 0;
}

void Call::fail(const std::string& name, int nth, int code) {
    std::lock_guard<std::mutex> lock(rules_mutex);
    rules()[name] = {nth, code};
    any_rules = true;
}

void Call::clear_failures() {
    std::lock_guard<std::mutex> lock(rules_mutex);
    rules().clear();
    any_rules = false;
}

} // namespace tf_standin

// Every exported function begins with a Call: it is counted, and it fails if a test wants it to.
#pragma once
#include "api.h"
#include <atomic>
#include <string>

namespace tf_standin {

enum class Needs { nothing, driver, context };

class Call {
public:
    explicit Call(const char* name);

    // 0, or the error with which the function has to return at once: one that a test asked for, a driver that was not
    // initialized, no context that is current, a device that is lost.
    int begin(Needs needs);

    // The same for the libraries on top of the driver: an error of a rule is theirs, and it is all that is looked at.
    int begin_library() { return count_and_fail(); }

    // How often a function was called since the last reset; 0 if it never was.
    static long long count_of(const std::string& name);
    static void reset_counts();

    // Lets the nth call from now of that function fail with that code; all of them if nth is 0.
    static void fail(const std::string& name, int nth, int code);
    static void clear_failures();

private:
    int count_and_fail();

    const char* const _name;
    std::atomic<long long> _count{0};
    Call* _next;
};

// What a rule says for something that is no exported function, such as "kernel"; 0 for none.
int failure_of(const char* name);

} // namespace tf_standin

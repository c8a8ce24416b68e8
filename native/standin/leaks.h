// Counts what is alive. Kinds of handles that other files keep to themselves register how many they have.
#pragma once
#include <functional>
#include <string>

namespace tf_standin {

// The number of all, and a line for each kind or allocation.
int find_leaks(std::string* lines);

class LeakKind {
public:
    LeakKind(const char* name, std::size_t (*count)());

    const char* const name;
    std::size_t (*const count)();
    LeakKind* const next;
};

} // namespace tf_standin

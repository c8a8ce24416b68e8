// A stack of its own and the switch to it: how a CUDA thread is set aside while it waits.
#pragma once
#include <cstddef>

// TF_EMULATOR_UCONTEXT takes the C library's switch on x86-64 too, so that it is tested there.
#if defined(__x86_64__) && !defined(TF_EMULATOR_UCONTEXT)
#define TF_EMULATOR_OWN_SWITCH
#else
#include <ucontext.h>
#endif

namespace tf_emulator {

// Stacks are small: kernels have no recursion. The page below each is unreadable, so that an overflow is seen.
constexpr std::size_t fiber_stack_bytes = 64 * 1024;

#if defined(TF_EMULATOR_OWN_SWITCH)

// Where a flow of control stopped: its stack pointer; the callee-saved registers lie on that stack.
struct Context {
    void* stack_pointer = nullptr;
};

#else

struct Context {
    ucontext_t state;
};

#endif

// Makes the context with which entry() starts on that stack. entry must never return.
void prepare_context(Context& context, char* stack, void (*entry)());

// Keeps where we are in from and goes on at to.
void switch_context(Context& from, Context& to);

// Room for a number of stacks.
class Stacks {
public:
    explicit Stacks(std::size_t count);
    ~Stacks();
    Stacks(const Stacks&) = delete;
    Stacks& operator=(const Stacks&) = delete;

    char* operator[](std::size_t index) const { return _memory + index * (fiber_stack_bytes + _page) + _page; }

private:
    std::size_t _page, _bytes;
    char* _memory;
};

} // namespace tf_emulator

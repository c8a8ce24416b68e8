#include "fiber.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

namespace tf_emulator {

#if defined(TF_EMULATOR_OWN_SWITCH)

extern "C" void tf_emulator_switch(void** from, void* to);

// System V: a call keeps rbx, rbp and r12 to r15, so these and the stack pointer are all there is to exchange.
asm(R"(
.text
.globl tf_emulator_switch
.hidden tf_emulator_switch
.type tf_emulator_switch, @function
tf_emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size tf_emulator_switch, . - tf_emulator_switch
)");

void prepare_context(Context& context, char* stack, void (*entry)()) {
    // As if entry had been called: above the six registers its address, above that an empty place to return to.
    constexpr int saved_registers = 6;
    void** top = reinterpret_cast<void**>(stack + fiber_stack_bytes - 64);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(entry);
    for (int i = 0; i < saved_registers; ++i) *--top = nullptr;
    context.stack_pointer = top;
}

void switch_context(Context& from, Context& to) { tf_emulator_switch(&from.stack_pointer, to.stack_pointer); }

#else

void prepare_context(Context& context, char* stack, void (*entry)()) {
    getcontext(&context.state);
    context.state.uc_stack.ss_sp = stack;
    context.state.uc_stack.ss_size = fiber_stack_bytes;
    context.state.uc_link = nullptr;
    makecontext(&context.state, entry, 0);
}

void switch_context(Context& from, Context& to) { swapcontext(&from.state, &to.state); }

#endif

Stacks::Stacks(std::size_t count)
    : _page(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))), _bytes(count * (fiber_stack_bytes + _page)) {
    void* memory = mmap(nullptr, _bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("emulator: no memory for the threads' stacks");
        std::abort();
    }
    _memory = static_cast<char*>(memory);
    for (std::size_t i = 0; i < count; ++i) mprotect(_memory + i * (fiber_stack_bytes + _page), _page, PROT_NONE);
}

Stacks::~Stacks() { munmap(_memory, _bytes); }

} // namespace tf_emulator

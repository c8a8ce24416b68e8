#include "illegal_address.h"
#include "block.h"
#include <csignal>
#include <cstdio>

namespace tf_emulator {
namespace {

struct sigaction previous;

void on_segmentation_fault(int signal, siginfo_t* info, void* context) {
    // A kernel allocates nothing and holds no lock, so it may be left here for the block's scheduler.
    if (Block* block = Block::current()) {
        char text[64];
        std::snprintf(text, sizeof text, "an access to address %p, where no memory is", info->si_addr);
        block->fail(Trouble::illegal_address, text);
    }
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        // Happens again at once, and then ends the process as it would have without us.
        sigaction(SIGSEGV, &previous, nullptr);
    }
}

} // namespace

void catch_illegal_addresses() {
    static const bool installed = [] {
        struct sigaction action = {};
        action.sa_sigaction = &on_segmentation_fault;
        // SA_NODEFER: the handler is left by a switch of stacks, never by returning.
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
        return sigaction(SIGSEGV, &action, &previous) == 0;
    }();
    static_cast<void>(installed);
}

} // namespace tf_emulator

// Turns a kernel's access to where no memory is into an error of its launch, as a GPU does.
#pragma once

namespace tf_emulator {

// Takes SIGSEGV, once, from whoever has it; what does not come from a kernel is passed on to them.
void catch_illegal_addresses();

} // namespace tf_emulator

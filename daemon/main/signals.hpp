// The signals that mean something to the daemon, and holding them back where they must not cut something short.
#pragma once

namespace apiary {

// Ends the daemon and leaves the VMs alone.
[[nodiscard]] auto leave_signal() -> int;

// They all wait from now on, also through the execution of another program by this process.
void hold_back_signals();
// What has waited arrives now: who is to handle it must be there.
void let_signals_through();
// While they are held back: as if it came now.
void pass_on(int number);

}  // namespace apiary

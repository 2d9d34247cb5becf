// One daemon for one state directory, and for one run directory.
#pragma once

#include <string>

#include "vm/unique_fd.hpp"

namespace apiary {

// Holds the lock for as long as it lives. Throws std::runtime_error, with the other daemon's pid where one runs.
class StateLock {
public:
    explicit StateLock(std::string const& directory);

private:
    UniqueFd fd_;
};

// The same for what runs: two daemons with a state of their own must not think each other's guests to be left behind.
// The directory itself is locked: it holds nothing that need not be there.
class RunLock {
public:
    explicit RunLock(std::string const& directory);

private:
    UniqueFd fd_;
};

}  // namespace apiary

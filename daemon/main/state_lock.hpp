// One daemon for one state directory.
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

}  // namespace apiary

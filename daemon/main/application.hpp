// The composition root: all parts of the daemon, put together once, in the order in which they need each other.
#pragma once

#include <memory>

#include "main/options.hpp"
#include "main/program.hpp"

namespace apiary {

class Application {
public:
    // Throws std::runtime_error with a message for the user where the daemon cannot start.
    Application(Options options, Program program);
    ~Application();
    Application(Application const&) = delete;
    auto operator=(Application const&) -> Application& = delete;

    // Until a signal or the bus ends it. Gives the exit status.
    [[nodiscard]] auto run() -> int;

    // After run(): the program is to be executed again, once nothing is left of this. Signals are held back for it.
    [[nodiscard]] auto comes_back() const -> bool;

private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace apiary

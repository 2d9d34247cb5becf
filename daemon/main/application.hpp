// The composition root: all parts of the daemon, put together once, in the order in which they need each other.
#pragma once

#include <memory>

#include "main/options.hpp"

namespace apiary {

class Application {
public:
    // Throws std::runtime_error with a message for the user where the daemon cannot start.
    explicit Application(Options options);
    ~Application();
    Application(Application const&) = delete;
    auto operator=(Application const&) -> Application& = delete;

    // Until a signal or the bus ends it. Gives the exit status.
    [[nodiscard]] auto run() -> int;

private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

// --check: prints what is wrong with the configuration; gives the exit status.
[[nodiscard]] auto check_configuration(Options const& options) -> int;

}  // namespace apiary

// A VM that ends of itself, again and again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine_fixture.hpp"

namespace apiary::test {

class Restarts : public EngineFixture {
protected:
    static auto always(RestartLimit limit = {.restarts = 3, .within = seconds{30}}) -> Wanted {
        return {.name = "vm", .boot = BootPolicy::always, .restart_limit = limit};
    }
    auto guest() -> Process& { return hypervisor.last(); }
    void run(Wanted const& wanted) {
        define({wanted});
        start();
        asked.clear();
    }
    void up() {
        guest().up();
        loop.run_ready();
    }
    void end(Reason reason = Reason::killed, std::string text = "signal 9") {
        guest().exited(reason, std::move(text));
        loop.run_ready();
    }
    void reboot() {
        guest().exited(Reason::guest_reboot);
        loop.run_ready();
    }
    void reset(Reason reason = Reason::guest_reboot) {
        guest().reset(reason);
        loop.run_ready();
    }
    // To the limit and beyond, by crashes: three restarts.
    void wear_out() {
        end();
        for (auto const pause : {seconds{1}, seconds{2}, seconds{4}}) {
            loop.advance(pause);
            up();
            end();
        }
    }
    [[nodiscard]] auto text() const -> std::string const& { return status().reason_text; }
    [[nodiscard]] auto says(std::string const& part) const -> bool { return text().find(part) != std::string::npos; }
};

}  // namespace apiary::test

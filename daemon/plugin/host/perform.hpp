// Calls the plugin's functions, and answers the daemon what came of it.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "plugin/host/call.hpp"
#include "plugin/host/loading.hpp"
#include "plugin/host/state.hpp"

namespace apiary::plugin::host {

class Performer {
public:
    Performer(apiary_self& self, Loaded const& loaded) : self_{self}, functions_{loaded.functions} {}

    // Calls init(), unless that succeeded before. Empty: it did now, or before; else why not.
    auto initialise() -> std::string;
    // Any thread. Sends the frame `end`.
    void perform(apiary_call& call);
    // Once; who comes second waits for its end.
    void shut_down();
    // What configure() says: the frame `checked`.
    void check(apiary_call& call);

private:
    struct Answer {
        int result = APIARY_OK;
        std::string text;
        bool broken = false;  // it left its function otherwise than by returning
    };
    auto called(apiary_call& call) -> Answer;
    void answer(apiary_call& call, Answer answer);
    void look_at_descriptors();

    apiary_self& self_;
    apiary_plugin const& functions_;
    std::once_flag shut_down_;
    std::mutex initialising_;
    std::atomic<bool> initialised_{false};
    std::atomic<bool> spent_{false};  // and the daemon was told
    void* plugin_ = nullptr;
};

}  // namespace apiary::plugin::host

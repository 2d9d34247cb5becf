// Tells the bus what becomes of plugins: those who may see them, one by one, for what their errors say is not for all.
#pragma once

#include <map>
#include <string>

#include "bus/connection.hpp"
#include "bus/lookup.hpp"
#include "bus/subscribers.hpp"
#include "vm/plugins.hpp"

namespace apiary::bus {

class PluginPublisher {
public:
    PluginPublisher(Connection& connection, Plugins& plugins, Lookup const& lookup, Subscribers& subscribers);
    PluginPublisher(PluginPublisher const&) = delete;
    auto operator=(PluginPublisher const&) -> PluginPublisher& = delete;

private:
    void look(std::string const& name);
    void tell(Signal const& signal);

    Connection& connection_;
    Plugins& plugins_;
    Lookup const& lookup_;
    Subscribers& subscribers_;
    std::map<std::string, PluginStatus> published_;
    Handle listening_;
};

}  // namespace apiary::bus

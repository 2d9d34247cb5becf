// The plugins of the daemon, put together: what daemon/plugin needs of the other parts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "main/options.hpp"
#include "plugin/agent_book.hpp"
#include "plugin/book.hpp"
#include "supervision/children.hpp"
#include "vm/engine_core.hpp"
#include "vm/loop.hpp"

namespace apiary {

class PluginParts {
public:
    // `engine` is asked once it is there: not within this call. `steps_changed`: other steps have to be set.
    // `keys_changed`: of these plugins; the configuration may mean something else.
    PluginParts(Loop& loop, Options const& options, std::function<EngineCore&()> const& engine,
                std::function<void()> const& steps_changed,
                std::function<void(std::vector<std::string> const& plugins)> keys_changed);
    ~PluginParts();
    PluginParts(PluginParts const&) = delete;
    auto operator=(PluginParts const&) -> PluginParts& = delete;

    [[nodiscard]] auto book() -> plugin::Book& { return *book_; }
    [[nodiscard]] auto agents() -> plugin::AgentBook& { return agents_; }

private:
    class Spawner;
    supervision::Children children_;
    std::unique_ptr<Spawner> spawner_;
    plugin::AgentBook agents_;
    std::unique_ptr<plugin::Book> book_;  // goes first
};

// The address that a daemon's own is, for those who connect by themselves.
[[nodiscard]] auto address_for_plugins(std::string const& address) -> std::string;

}  // namespace apiary

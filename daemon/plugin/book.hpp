// All plugins of the daemon: vm/plugins.hpp implemented, and what the rest of the daemon needs of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugin/plugin.hpp"
#include "plugin/plugin_events.hpp"
#include "plugin/plugin_step.hpp"
#include "plugin/scan.hpp"
#include "vm/plugins.hpp"
#include "vm/step.hpp"

namespace apiary::plugin {

struct BookHands {
    PluginWorld world;  // but for `changed` and `availability`, which are the book's own
    ScanRequest scan;
    PluginEvents::Find find;                         // a VM by its name
    std::function<std::vector<std::string>()> up;    // names of VMs that are not at rest
    std::function<std::set<std::string>()> awaited;  // names of steps that were begun and are not undone
    std::function<void()> steps_changed;             // steps() gives others
    // What these plugins declare has changed: the configuration may mean something else.
    std::function<void(std::vector<std::string> const& plugins)> keys_changed;
};

class Book : public Plugins {
public:
    explicit Book(BookHands hands);
    ~Book() override;
    Book(Book const&) = delete;
    auto operator=(Book const&) -> Book& = delete;

    // Once, before the configuration is read: finds what there is. Blocks; no process is begun that stays.
    void load();
    // Another folder: with what is in it, at once. Blocks.
    void add_folder(std::string const& folder);
    // The daemon has its VMs: plugins are begun, folders watched.
    void begin();
    // At the folders anew, before the configuration is read; `then` is called on the loop, never from within.
    void look(std::function<void()> then) { rescan(std::move(then)); }
    // The configuration was read anew, and taken.
    void reload();
    void tell_bus(std::string address);

    // Those that can be called: of plugins that prepare the host (network, storage, device), and of hooks.
    enum class Part { host, hook };
    [[nodiscard]] auto steps(Part part) const -> Steps;
    // Why a VM that needs this plugin cannot be started, as the end of a sentence about it; empty: it can.
    [[nodiscard]] auto fault_of(std::string const& plugin) const -> std::string;
    // What keeps one that is disabled or cannot be used, in the same form; empty: it is not there.
    [[nodiscard]] auto what_keeps(std::string_view plugin) const -> std::string;
    // What reads and checks the configuration: all that declare something, those that are disabled, too. A copy.
    [[nodiscard]] auto declared() const -> std::vector<FoundPlugin>;
    [[nodiscard]] auto observer() -> Observer& { return observer_; }

    [[nodiscard]] auto list() const -> std::vector<PluginStatus> override;
    [[nodiscard]] auto find(std::string_view name) const -> std::optional<PluginStatus> override;
    void enable(std::string const& name, Done done) override;
    void disable(std::string const& name, Done done) override;
    void restart(std::string const& name, Done done) override;
    [[nodiscard]] auto listen(Listener listener) -> Handle override;

private:
    struct Entry {
        std::unique_ptr<Plugin> plugin;
        std::shared_ptr<PluginStep> step;
    };
    class Listening;
    [[nodiscard]] auto scan_request() const -> ScanRequest;
    void apply(Scan scan);
    void put_in_order();
    void rescan(std::function<void()> then = {});
    void next_scan();
    void watch();
    void tell(std::string const& name, Change change);
    // book_list.cpp: what is listed. A plugin whose file is gone stays while something is to be undone with it.
    class Turns : public Observer {
    public:
        explicit Turns(Book& book) : book_{book} {}
        void on_turn(Turn const& turn) override;

    private:
        Book& book_;
    };
    [[nodiscard]] auto awaited() const -> std::set<std::string>;
    [[nodiscard]] auto is_listed(Entry const& entry, std::set<std::string> const& awaited) const -> bool;
    void list_anew();
    auto known(std::string const& name, Done const& done) -> Plugin*;
    void tell_outcome(std::string const& name, std::string const& subject, Outcome<std::monostate> const& outcome,
                      Done const& done);

    BookHands hands_;
    std::shared_ptr<Inspector> inspector_;
    std::map<std::string, Entry, std::less<>> plugins_;
    std::vector<std::string> order_;
    PluginEvents events_;
    Turns observer_{*this};
    std::set<std::string> listed_;  // as listeners were told
    bool some_are_gone_ = false;    // of these: their files
    bool list_posted_ = false;
    std::vector<Handle> watches_;
    bool begun_ = false, scanning_ = false;
    std::vector<std::function<void()>> scan_wanted_, scan_under_way_;
    std::set<std::string> remarks_;  // that were made already
    std::set<std::string> to_tell_;
    std::map<std::uint64_t, Listener> listeners_;
    std::uint64_t last_listener_ = 0;
    std::shared_ptr<Book*> self_;
};

}  // namespace apiary::plugin

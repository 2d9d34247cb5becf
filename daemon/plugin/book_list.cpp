// What is listed of the plugins, and who is told when that changes.
#include <algorithm>
#include <utility>

#include "plugin/book.hpp"

namespace apiary::plugin {

class Book::Listening : public Subscription {
public:
    Listening(std::weak_ptr<Book*> book, std::uint64_t number) : book_{std::move(book)}, number_{number} {}
    ~Listening() override {
        if (auto const book = book_.lock()) {
            (*book)->listeners_.erase(number_);
        }
    }
    Listening(Listening const&) = delete;
    auto operator=(Listening const&) -> Listening& = delete;

private:
    std::weak_ptr<Book*> book_;
    std::uint64_t number_;
};

auto Book::listen(Listener listener) -> Handle {
    auto const number = ++last_listener_;
    listeners_.emplace(number, std::move(listener));
    return std::make_unique<Listening>(self_, number);
}

auto Book::awaited() const -> std::set<std::string> {
    std::set<std::string> names;
    for (auto const& step : hands_.awaited ? hands_.awaited() : std::set<std::string>{}) {
        if (is_plugin_step(step) && step.size() > plugin_step_prefix.size()) {
            names.insert(step.substr(plugin_step_prefix.size()));
        }
    }
    return names;
}

auto Book::is_listed(Entry const& entry, std::set<std::string> const& awaited) const -> bool {
    return !entry.plugin->is_gone() || awaited.contains(entry.plugin->name());
}

auto Book::list() const -> std::vector<PluginStatus> {
    std::vector<PluginStatus> all;
    auto const wanted = awaited();
    for (auto const& [name, entry] : plugins_) {
        if (is_listed(entry, wanted)) {
            all.push_back(entry.plugin->status());
        }
    }
    // Those that this daemon has never seen, and that an earlier one has left something to undo for.
    for (auto const& name : wanted) {
        if (!plugins_.contains(name)) {
            PluginStatus status;
            status.name = name;
            status.error = "its file is not there, and there are VMs that are to be undone with it";
            all.push_back(std::move(status));
        }
    }
    std::ranges::sort(all, {}, &PluginStatus::name);
    return all;
}

auto Book::find(std::string_view name) const -> std::optional<PluginStatus> {
    if (auto const found = plugins_.find(name); found != plugins_.end() && !found->second.plugin->is_gone()) {
        return found->second.plugin->status();
    }
    auto all = list();
    auto const one = std::ranges::find(all, name, &PluginStatus::name);
    return one == all.end() ? std::nullopt : std::optional{std::move(*one)};
}

void Book::list_anew() {
    auto const wanted = awaited();
    std::set<std::string> now;
    some_are_gone_ = false;
    for (auto const& [name, entry] : plugins_) {
        if (is_listed(entry, wanted)) {
            now.insert(name);
            some_are_gone_ = some_are_gone_ || entry.plugin->is_gone();
        }
    }
    for (auto const& name : wanted) {
        some_are_gone_ = !plugins_.contains(name) || some_are_gone_;
        now.insert(name);
    }
    for (auto const& name : now) {
        if (!listed_.contains(name)) {
            tell(name, Change::added);
        }
    }
    for (auto const& name : listed_) {
        if (!now.contains(name)) {
            tell(name, Change::removed);
        }
    }
    listed_ = std::move(now);
}

// What is undone is so at the end of a life. As long as all files are there nobody has to look.
void Book::Turns::on_turn(Turn const& turn) {
    book_.events_.on_turn(turn);
    bool const may_be_undone = std::ranges::any_of(turn.vms, [](Turn::VmChange const& change) {
        auto const state = change.vm->status().state;
        return change.removed || state == State::stopped || state == State::failed;
    });
    if (!book_.some_are_gone_ || !may_be_undone || std::exchange(book_.list_posted_, true)) {
        return;
    }
    book_.hands_.world.loop.post([weak = std::weak_ptr{book_.self_}] {
        if (auto const self = weak.lock()) {
            (*self)->list_posted_ = false;
            (*self)->list_anew();
        }
    });
}

// Once a turn for each plugin, whatever it is that has changed.
void Book::tell(std::string const& name, Change change) {
    if (change == Change::changed && !to_tell_.insert(name).second) {
        return;
    }
    hands_.world.loop.post([weak = std::weak_ptr{self_}, name, change] {
        auto const self = weak.lock();
        if (!self) {
            return;
        }
        auto& book = **self;
        if (change == Change::changed) {
            book.to_tell_.erase(name);
            auto const found = book.plugins_.find(name);
            if (found != book.plugins_.end() && found->second.plugin->is_gone()) {
                book.list_anew();  // its process has ended, after its file was removed
            }
        }
        auto const all = book.listeners_;
        for (auto const& [number, listener] : all) {
            listener(name, change);
        }
    });
}

}  // namespace apiary::plugin

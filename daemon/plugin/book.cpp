#include "plugin/book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "plugin/folder_watch.hpp"
#include "plugin/order.hpp"

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

Book::Book(BookHands hands)
    : hands_{std::move(hands)},
      inspector_{std::make_shared<Inspector>(hands_.world.host_program)},
      events_{[this](std::function<void(Plugin&)> const& visit) {
                  for (auto const& [name, entry] : plugins_) {
                      if (entry.plugin->declaration() != nullptr && entry.plugin->fault().empty()) {
                          visit(*entry.plugin);
                      }
                  }
              },
              hands_.find},
      self_{std::make_shared<Book*>(this)} {
    hands_.world.changed = [this](std::string const& name) { tell(name, Change::changed); };
    hands_.world.availability = [this](std::string const&) {
        if (hands_.steps_changed) {
            hands_.steps_changed();
        }
    };
}

Book::~Book() {
    self_.reset();
    for (auto const& [name, entry] : plugins_) {
        entry.step->part();
    }
}

void Book::load() {
    apply(scan_plugins(scan_request(), *inspector_));
}

auto Book::scan_request() const -> ScanRequest {
    auto request = hands_.scan;
    for (auto const& [name, entry] : plugins_) {
        auto const* const declared = entry.plugin->declaration();
        for (auto const& key : declared != nullptr && entry.plugin->file().fd ? declared->keys : std::vector<Key>{}) {
            request.holders.emplace(key.name, name);
        }
    }
    return request;
}

void Book::add_folder(std::string const& folder) {
    auto& all = hands_.scan.folders;
    if (std::ranges::find(all, folder) == all.end()) {
        all.push_back(folder);
        load();
    }
}

void Book::begin() {
    begun_ = true;
    watch();
    bool all_known = true;
    for (auto const& [name, entry] : plugins_) {
        entry.plugin->begin_early();
        all_known = all_known && entry.plugin->declaration() != nullptr;
    }
    if (!all_known) {
        rescan();  // what was too slow to say what it is, as the host booted, may not be so now
    }
}

void Book::watch() {
    watches_.clear();
    for (auto const& folder : hands_.scan.folders) {
        auto handle = watch_folder(hands_.world.loop, folder, [this] { rescan(); });
        if (handle) {
            watches_.push_back(std::move(handle));
        }
    }
}

void Book::reload() {
    for (auto const& [name, entry] : plugins_) {
        entry.plugin->reload();
    }
}

void Book::tell_bus(std::string address) {
    if (hands_.world.bus != address) {
        hands_.world.bus = std::move(address);
        for (auto const& [name, entry] : plugins_) {
            entry.plugin->bus_changed();
        }
    }
}

void Book::rescan(std::function<void()> then) {
    scan_wanted_.push_back(std::move(then));
    next_scan();
}

// One at a time; what is asked for meanwhile is one more after it, for it may have come too late for this one.
void Book::next_scan() {
    if (scanning_ || scan_wanted_.empty()) {
        return;
    }
    scanning_ = true;
    scan_under_way_ = std::exchange(scan_wanted_, {});
    watch();  // a folder that came, or was exchanged as a whole
    auto const scan = std::make_shared<Scan>();
    auto const trouble = std::make_shared<std::string>();
    hands_.world.loop.offload(
        [scan, trouble, request = scan_request(), inspector = inspector_] {
            try {
                *scan = scan_plugins(request, *inspector);
            } catch (std::exception const& error) {  // no memory, no thread: the next one may go well
                *trouble = error.what();
            }
        },
        [scan, trouble, weak = std::weak_ptr{self_}] {
            auto const self = weak.lock();
            if (!self) {
                return;
            }
            auto& book = **self;
            book.scanning_ = false;
            if (trouble->empty()) {
                book.apply(std::move(*scan));
            } else {
                book.hands_.world.log(0, "the folders of plugins cannot be looked at: " + *trouble);
            }
            for (auto const& then : std::exchange(book.scan_under_way_, {})) {
                if (then) {
                    then();
                }
            }
            book.next_scan();
        });
}

void Book::apply(Scan scan) {
    for (auto const& remark : scan.remarks) {
        if (remarks_.insert(remark).second) {
            hands_.world.log(1, remark);
        }
    }
    std::set<std::string> found;
    bool keys_changed = false;
    for (auto& one : scan.plugins) {
        auto const name = one.file.name;
        found.insert(name);
        auto [entry, fresh] = plugins_.try_emplace(name);
        if (fresh) {
            entry->second.plugin = std::make_unique<Plugin>(hands_.world, name);
            entry->second.step = std::make_shared<PluginStep>(hands_.world, *entry->second.plugin);
            tell(name, Change::added);
            if (one.disabled) {
                entry->second.plugin->note_disabled(std::move(*one.disabled));
            }
        }
        auto& plugin = *entry->second.plugin;
        auto const before = plugin.declaration() != nullptr ? plugin.declaration()->keys : std::vector<Key>{};
        if (one.declaration && one.fault.empty()) {
            keys_changed = keys_changed || before != one.declaration->keys;
            if (plugin.declaration() == nullptr || plugin.file().id != one.file.id || !plugin.file().fd) {
                plugin.take(std::move(one.file), std::move(*one.declaration));
                if (begun_) {
                    plugin.begin_early();
                }
            }
        } else {
            keys_changed = keys_changed || !before.empty();
            plugin.take_unusable(std::move(one.file), std::move(one.fault));
        }
    }
    for (auto const& [name, entry] : plugins_) {
        if (!found.contains(name)) {
            keys_changed = keys_changed || (entry.plugin->declaration() != nullptr && entry.plugin->file().fd);
            entry.plugin->lose();
        }
    }
    put_in_order();
    if (keys_changed && begun_ && hands_.keys_changed) {
        hands_.keys_changed();
    }
}

void Book::put_in_order() {
    std::vector<Declaration const*> declared;
    for (auto const& [name, entry] : plugins_) {
        if (entry.plugin->declaration() != nullptr) {
            declared.push_back(entry.plugin->declaration());
        }
    }
    auto order = arrange(declared);
    order_ = std::move(order.names);
    for (auto const& [name, entry] : plugins_) {
        auto const circle = order.circles.find(name);
        entry.plugin->take_circle(circle == order.circles.end() ? std::string{} : circle->second);
    }
    if (hands_.steps_changed) {
        hands_.steps_changed();
    }
}

auto Book::steps(Part part) const -> Steps {
    Steps made;
    for (auto const& name : order_) {
        auto const& entry = plugins_.find(name)->second;
        auto const* const declared = entry.plugin->declaration();
        if (declared != nullptr && entry.plugin->fault().empty() &&
            (declared->phase == Phase::hook) == (part == Part::hook)) {
            made.push_back(entry.step);
        }
    }
    return made;
}

auto Book::fault_of(std::string const& plugin) const -> std::string {
    auto const found = plugins_.find(plugin);
    if (found == plugins_.end()) {
        return "is not there: install it, or remove what needs it from the definition";
    }
    auto const* const declared = found->second.plugin->declaration();
    return declared != nullptr && declared->not_needed ? std::string{} : found->second.plugin->fault();
}

auto Book::declared() const -> std::vector<FoundPlugin> {
    std::vector<FoundPlugin> all;
    for (auto const& [name, entry] : plugins_) {
        auto const* const declaration = entry.plugin->declaration();
        if (declaration != nullptr && entry.plugin->file().fd) {
            all.push_back(
                {.file = entry.plugin->file(), .declaration = *declaration, .fault = {}, .disabled = std::nullopt});
        }
    }
    return all;
}

auto Book::list() const -> std::vector<PluginStatus> {
    std::vector<PluginStatus> all;
    for (auto const& [name, entry] : plugins_) {
        all.push_back(entry.plugin->status());
    }
    auto more = awaited();
    std::move(more.begin(), more.end(), std::back_inserter(all));
    std::ranges::sort(all, {}, &PluginStatus::name);
    return all;
}

// Those that this daemon has never seen, and that an earlier one has left something to undo for.
auto Book::awaited() const -> std::vector<PluginStatus> {
    std::vector<PluginStatus> all;
    for (auto const& step : hands_.awaited ? hands_.awaited() : std::set<std::string>{}) {
        auto const name = is_plugin_step(step) ? step.substr(plugin_step_prefix.size()) : std::string{};
        if (!name.empty() && !plugins_.contains(name)) {
            PluginStatus status;
            status.name = name;
            status.error = "its file is not there, and there are VMs that are to be undone with it";
            all.push_back(std::move(status));
        }
    }
    return all;
}

auto Book::find(std::string_view name) const -> std::optional<PluginStatus> {
    if (auto const found = plugins_.find(name); found != plugins_.end()) {
        return found->second.plugin->status();
    }
    auto const absent = awaited();
    auto const one = std::ranges::find(absent, name, &PluginStatus::name);
    return one == absent.end() ? std::nullopt : std::optional{*one};
}

auto Book::known(std::string const& name, Done const& done) -> Plugin* {
    auto const found = plugins_.find(name);
    if (found != plugins_.end()) {
        return found->second.plugin.get();
    }
    hands_.world.loop.post([done, name] {
        if (done) {
            done(Refusal{Refusal::Kind::failed, "there is no plugin " + name + ": `apiaryctl plugin list` names them"});
        }
    });
    return nullptr;
}

void Book::enable(std::string const& name, Done done) {
    if (auto* const plugin = known(name, done)) {
        plugin->enable([this, weak = std::weak_ptr{self_}, done = std::move(done)](auto const& outcome) {
            if (weak.lock()) {
                rescan([done, outcome] {  // it may have been disabled for what was mended since
                    if (done) {
                        done(outcome);
                    }
                });
            }
        });
    }
}

void Book::disable(std::string const& name, Done done) {
    if (auto* const plugin = known(name, done)) {
        plugin->disable("by hand", std::move(done));
    }
}

void Book::restart(std::string const& name, Done done) {
    if (known(name, done) != nullptr) {
        rescan([this, name, done = std::move(done)] {
            if (auto* const plugin = known(name, done)) {
                plugin->restart(done);
            }
        });
    }
}

auto Book::listen(Listener listener) -> Handle {
    auto const number = ++last_listener_;
    listeners_.emplace(number, std::move(listener));
    return std::make_unique<Listening>(self_, number);
}

// Once a turn for each plugin, whatever it is that has changed.
void Book::tell(std::string const& name, Change change) {
    if (change == Change::changed && !to_tell_.insert(name).second) {
        return;
    }
    hands_.world.loop.post([weak = std::weak_ptr{self_}, name, change] {
        if (auto const self = weak.lock()) {
            auto& book = **self;
            if (change == Change::changed) {
                book.to_tell_.erase(name);
            }
            auto const all = book.listeners_;
            for (auto const& [number, listener] : all) {
                listener(name, change);
            }
        }
    });
}

}  // namespace apiary::plugin

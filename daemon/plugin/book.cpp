#include "plugin/book.hpp"

#include <algorithm>
#include <utility>

#include "plugin/folder_watch.hpp"
#include "plugin/order.hpp"

namespace apiary::plugin {

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
              hands_.find, hands_.world.log_path},
      self_{std::make_shared<Book*>(this)} {
    hands_.world.vms_up = hands_.up;
    hands_.world.state_now = [this](Plugin& plugin, std::string const& vm) { return events_.state_now(plugin, vm); };
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
    list_anew();
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
    std::vector<std::string> changed;  // their keys
    for (auto& one : scan.plugins) {
        auto const name = one.file.name;
        found.insert(name);
        auto [entry, fresh] = plugins_.try_emplace(name);
        if (fresh) {
            entry->second.plugin = std::make_unique<Plugin>(hands_.world, name);
            entry->second.step = std::make_shared<PluginStep>(hands_.world, *entry->second.plugin);
            if (one.disabled) {
                entry->second.plugin->note_disabled(std::move(*one.disabled));
            }
        }
        auto& plugin = *entry->second.plugin;
        bool const had_keys = plugin.declaration() != nullptr && plugin.file().fd;
        auto const before = had_keys ? plugin.declaration()->keys : std::vector<Key>{};
        if (one.declaration && one.fault.empty()) {
            if (before != one.declaration->keys) {
                changed.push_back(name);
            }
            if (plugin.declaration() == nullptr || plugin.file().id != one.file.id || !plugin.file().fd) {
                plugin.take(std::move(one.file), std::move(*one.declaration));
                if (begun_) {
                    plugin.begin_early();
                }
            }
        } else {
            if (!before.empty()) {
                changed.push_back(name);
            }
            plugin.take_unusable(std::move(one.file), std::move(one.fault));
        }
    }
    for (auto const& [name, entry] : plugins_) {
        if (!found.contains(name)) {
            auto const* const declared = entry.plugin->declaration();
            if (declared != nullptr && !declared->keys.empty() && entry.plugin->file().fd) {
                changed.push_back(name);
            }
            entry.plugin->lose();
        }
    }
    put_in_order();
    list_anew();
    if (!changed.empty() && begun_ && hands_.keys_changed) {
        hands_.keys_changed(changed);
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

auto Book::what_keeps(std::string_view plugin) const -> std::string {
    auto const found = plugins_.find(plugin);
    return found == plugins_.end() || found->second.plugin->is_absent() ? std::string{} : found->second.plugin->fault();
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

auto Book::known(std::string const& name, Done const& done) -> Plugin* {
    auto const found = plugins_.find(name);
    if (found != plugins_.end()) {
        return found->second.plugin.get();
    }
    auto refusal =
        awaited().contains(name)
            ? Refusal{Refusal::Kind::invalid_state, "The file of the plugin " + name + " is not there: install it."}
            : Refusal{Refusal::Kind::failed,
                      "There is no plugin " + name + ": `apiaryctl plugin list` names those that there are."};
    hands_.world.loop.post([done, refusal = std::move(refusal)] {
        if (done) {
            done(refusal);
        }
    });
    return nullptr;
}

void Book::enable(std::string const& name, Done done) {
    if (auto* const plugin = known(name, done)) {
        plugin->enable([this, name, weak = std::weak_ptr{self_}, done = std::move(done)](auto const& outcome) {
            if (weak.lock()) {
                // It may have been disabled for what was mended since.
                rescan([this, name, done, outcome] {
                    tell_outcome(name, "It is enabled, but the plugin", outcome, done);
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
                plugin->restart([this, name, weak = std::weak_ptr{self_}, done](auto const& outcome) {
                    if (weak.lock()) {
                        tell_outcome(name, "The plugin", outcome, done);
                    }
                });
            }
        });
    }
}

// What was asked for is done; whether the plugin can be called is what was wanted.
void Book::tell_outcome(std::string const& name, std::string const& subject, Outcome<std::monostate> const& outcome,
                        Done const& done) {
    auto* const plugin = done ? known(name, done) : nullptr;
    if (plugin == nullptr) {
        return;
    }
    auto const fault = plugin->fault();
    bool const refused = std::holds_alternative<Refusal>(outcome);
    done(refused || fault.empty() ? outcome
                                  : Refusal{Refusal::Kind::invalid_state, subject + " " + name + " " + fault});
}

}  // namespace apiary::plugin

// The checks of a VM as a whole, what its settings imply, and the record of everything that was set.
#include "config/finish.hpp"

#include <algorithm>
#include <utility>

#include "config/finish_bhyve.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

class Finisher {
public:
    Finisher(Context& context, Draft& draft, bool known)
        : context_{context}, draft_{draft}, vm_{draft.vm}, known_{known} {}

    auto run() -> bool {
        good_ = finish_bhyve(context_, draft_);
        required();
        loader();
        images();
        boot_files();
        log_file();
        scripts();
        sounds();
        pins();
        implied();
        graphics();
        order();
        return good_;
    }

    // Would the definition be the same as this one, and its values stand where they stood?
    [[nodiscard]] auto makes(Definition const& before) -> bool {
        return before.settings.size() == ordered_.size() && same_apart_from_settings(vm_, before) &&
               before.owner_name == vm_.owner_name && before.group_name == vm_.group_name &&
               before.origin == vm_.origin &&
               std::equal(ordered_.begin(), ordered_.end(), before.settings.begin(),
                          [&](Entry const* entry, Setting const& setting) { return makes(*entry, setting); });
    }

    void backend(Definition const& definition) {
        auto const& faults_of = context_.options.backend_faults;
        if (!faults_of) {
            return;
        }
        for (Hypervisor::Fault const& fault : faults_of(definition)) {
            leave_out(mark_of(fault.key), fault.key, fault.text);
        }
    }

    void settings() {
        vm_.settings.reserve(ordered_.size());
        for (Entry* const entry : ordered_) {
            Setting& setting = vm_.settings.emplace_back();
            setting.key = entry->key->name;
            setting.values = std::move(entry->values);
            setting.secret = entry->key->secret;
            setting.origins.reserve(entry->marks.size());
            for (Mark const& mark : entry->marks) {
                setting.origins.emplace_back(context_.place(*mark.file, mark.through), mark.at.line, mark.at.column);
            }
            if (!entry->key->plugin.empty()) {
                vm_.plugin_settings[entry->key->plugin].push_back(setting);
            }
        }
    }

    [[nodiscard]] auto good() const -> bool { return good_ && !left_out_; }

private:
    void order() {
        ordered_.reserve(draft_.entries.size());
        for (Entry& entry : draft_.entries) {
            ordered_.push_back(&entry);
        }
        std::sort(ordered_.begin(), ordered_.end(), [&](Entry const* a, Entry const* b) {
            return context_.keys.order_of(*a->key) < context_.keys.order_of(*b->key);
        });
    }

    [[nodiscard]] auto makes(Entry const& entry, Setting const& setting) -> bool {
        return setting.key == entry.key->name && setting.secret == entry.key->secret &&
               setting.values == entry.values &&
               std::equal(entry.marks.begin(), entry.marks.end(), setting.origins.begin(), setting.origins.end(),
                          [&](Mark const& mark, Origin const& origin) {
                              return context_.stands_at(*mark.file, mark.at, mark.through, origin);
                          });
    }

    void drop(Mark const& mark, std::string_view key, std::string message) {
        context_.report(mark, Severity::error, draft_.section_name, key, std::move(message));
        good_ = false;
    }

    // What the files say is right, and this host cannot do it. A VM that is there must not be lost by that; one that
    // is not is left out alone, or a host with one such VM could never read its configuration again.
    void leave_out(Mark const& mark, std::string_view key, std::string message) {
        context_.report(mark, Severity::error, draft_.section_name, key, std::move(message), !known_);
        left_out_ = true;
    }

    void warn(Mark const& mark, std::string_view key, std::string message) {
        context_.report(mark, Severity::warning, draft_.section_name, key, std::move(message));
    }

    auto mark_of(std::string_view key) const -> Mark {
        Entry const* const entry = draft_.find(key);
        return entry != nullptr && !entry->marks.empty() ? entry->marks.front() : draft_.section;
    }

    auto mark_of(std::string_view key, std::size_t index) const -> Mark {
        Entry const* const entry = draft_.find(key);
        return entry != nullptr && index < entry->marks.size() ? entry->marks[index] : draft_.section;
    }

    void required() {
        if (!draft_.memory_set) {
            drop(draft_.section, "memory", "this key is required, such as memory = 1G;");
        }
    }

    // QEMU has a default of its own: SeaBIOS, or the kernel that is named.
    void loader() {
        if (!draft_.loader_set) {
            if (vm_.backend == BackendKind::bhyve) {
                drop(draft_.section, "loader", "this key is required, such as loader = uefi;");
                return;
            }
            vm_.loader = vm_.kernel ? Loader::kernel : Loader::bios;
        }
        bool const external = vm_.loader == Loader::bhyveload || vm_.loader == Loader::grub;
        if (external && vm_.com[0].kind == ComPort::Kind::tcp) {
            drop(mark_of("com1"), "com1",
                 "a TCP port cannot be the console of loader " + std::string{to_string(vm_.loader)});
        }
        if (vm_.loader == Loader::kernel && !vm_.kernel) {
            drop(mark_of("loader"), "kernel", "this key is required with loader = kernel");
        }
        bool const for_kernel = vm_.kernel || vm_.initrd || !vm_.cmdline.empty();
        if (vm_.loader != Loader::kernel && for_kernel) {
            for (char const* key : {"kernel", "initrd", "cmdline"}) {
                if (draft_.find(key) != nullptr) {
                    warn(mark_of(key), key, "used with loader = kernel alone");
                }
            }
        }
    }

    // Paths of others are opened, with their rights, when the VM is started.
    void host_file(HostPath const& path, std::string_view key, std::size_t index, std::string const& what,
                   std::string const& hint) {
        if (!path.trusted) {
            return;
        }
        switch (context_.options.host->look(path.path).kind) {
            case FileLook::Kind::regular:
            case FileLook::Kind::character_device:
            case FileLook::Kind::block_device:
                return;
            case FileLook::Kind::missing:
                leave_out(mark_of(key, index), key, what + " not found: " + quoted_text(path.path) + hint);
                return;
            case FileLook::Kind::other:
                leave_out(mark_of(key, index), key, "not a file or device: " + quoted_text(path.path));
                return;
        }
    }

    void image(HostPath const& path, bool noexist, std::string_view key, std::size_t index) {
        if (!noexist) {
            host_file(path, key, index, "image", " (noexist: before the path leaves this unchecked)");
        }
    }

    void images() {
        for (std::size_t i = 0; i < vm_.disks.size(); ++i) {
            image(vm_.disks[i].path, vm_.disks[i].noexist, "disk", i);
        }
        for (std::size_t i = 0; i < vm_.isos.size(); ++i) {
            image(vm_.isos[i].path, vm_.isos[i].noexist, "iso", i);
        }
    }

    void boot_files() {
        if (vm_.loader != Loader::kernel) {
            return;  // not used, which was said
        }
        for (auto const& [key, path] : {std::pair{"kernel", &vm_.kernel}, std::pair{"initrd", &vm_.initrd}}) {
            if (*path) {
                host_file(**path, key, 0, "file", {});
            }
        }
    }

    // Something else may make the folder before the VM is started, and bmd starts it without a log: a warning.
    void log_file() {
        if (!vm_.err_logfile || !vm_.err_logfile->trusted) {
            return;
        }
        std::string const& path = vm_.err_logfile->path;
        auto const kind = context_.options.host->look(path).kind;
        if (kind == FileLook::Kind::regular) {
            return;
        }
        if (kind != FileLook::Kind::missing) {
            warn(mark_of("err_logfile"), "err_logfile", "not a file: " + quoted_text(path) + "; the VM will not start");
            return;
        }
        auto const folder = path.substr(0, path.find_last_not_of('/', path.rfind('/')) + 1);
        if (path.find('/') != std::string::npos && !folder.empty()) {
            this->folder("err_logfile", folder, "; the VM will not start");
        }
    }

    void scripts() {
        if (vm_.scriptpath) {
            folder("scriptpath", *vm_.scriptpath, "; no scripts will be run");
        }
    }

    void folder(std::string_view key, std::string const& path, std::string const& consequence) {
        auto const kind = context_.options.host->look(path).kind;
        if (kind == FileLook::Kind::missing) {
            warn(mark_of(key), key, "folder not found: " + quoted_text(path) + consequence);
        } else if (kind != FileLook::Kind::other) {
            warn(mark_of(key), key, "not a folder: " + quoted_text(path) + consequence);
        }
    }

    void sounds() {
        for (std::size_t i = 0; i < vm_.sounds.size(); ++i) {
            for (std::string const& device : {vm_.sounds[i].play, vm_.sounds[i].record}) {
                if (!device.empty() && context_.options.host->look(device).kind != FileLook::Kind::character_device) {
                    leave_out(mark_of("hda", i), "hda", "not a device: " + quoted_text(device));
                }
            }
        }
    }

    void pins() {
        constexpr unsigned most_host_cpus = 8192;  // of any kernel there is
        if (vm_.cpus.pins.empty()) {
            return;
        }
        unsigned const known = context_.host_cpus();
        unsigned const host_cpus = known > 0 ? known : most_host_cpus;
        for (std::size_t i = 0; i < vm_.cpus.pins.size(); ++i) {
            CpuPin const& pin = vm_.cpus.pins[i];
            if (pin.vcpu >= vm_.cpus.count()) {
                drop(mark_of("cpu_pin", i), "cpu_pin",
                     "no such vcpu: " + std::to_string(pin.vcpu) + ", the VM has " + std::to_string(vm_.cpus.count()));
            }
            if (pin.host >= host_cpus) {
                leave_out(mark_of("cpu_pin", i), "cpu_pin",
                          "no such host cpu: " + std::to_string(pin.host) + ", this host has " +
                              (known > 0 ? std::to_string(known) : "fewer"));
            }
        }
    }

    void implied() {
        vm_.wired_memory = vm_.wired_memory || !vm_.passthru.empty();
        if (vm_.virt_console.ports > 0 && vm_.virt_console.controllers == 0) {
            vm_.virt_console.controllers = 1;
        }
    }

    void graphics() {
        Graphics& screen = vm_.graphics;
        screen.on = draft_.graphics_set ? screen.on : draft_.graphics_implied;
        if (!draft_.graphics_wished || !screen.on) {
            return;
        }
        // A screen that a user wished for is offered to the whole network only where root says so.
        if (!draft_.listen_set) {
            screen.listen = "127.0.0.1";
        }
        if (screen.path && !screen.path->trusted && screen.path->opened_as != vm_.owner) {
            drop(mark_of("graphics_path"), "graphics_path",
                 "access denied: the socket would be made with the rights of " + vm_.owner_name +
                     ", to whom the file does not belong");
        }
    }

    Context& context_;
    Draft& draft_;
    Definition& vm_;
    std::vector<Entry*> ordered_;  // as in the key table
    bool known_;                   // it is in the set of before
    bool good_ = true, left_out_ = false;
};

}  // namespace

auto finish(Context& context, Draft& draft, DefinitionPtr const& before) -> DefinitionPtr {
    Finisher finisher{context, draft, before != nullptr};
    if (!finisher.run()) {
        return nullptr;
    }
    bool const same = before && finisher.makes(*before);
    if (!same) {
        finisher.settings();
    }
    DefinitionPtr const complete = same ? before : draft.made;
    // Last, and on the complete definition: what a backend says of a half one would be noise.
    finisher.backend(*complete);
    return finisher.good() ? complete : nullptr;  // the draft's own lives on with the draft in any case
}

}  // namespace apiary::config

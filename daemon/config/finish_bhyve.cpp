#include "config/finish_bhyve.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "config/bhyve_base.hpp"
#include "config/fields.hpp"
#include "config/hook_scripts.hpp"
#include "config/text.hpp"

namespace apiary::config {
namespace {

constexpr std::uint64_t largest_base = std::uint64_t{1} * 1024 * 1024;

class BhyveFinisher {
public:
    BhyveFinisher(Context& context, Draft& draft) : context_{context}, draft_{draft}, vm_{draft.vm} {}

    auto run() -> bool {
        bool const based = !draft_.configfile.path.empty();
        if (based) {
            read_base();
        }
        if (vm_.bhyve_base) {
            memory();
            console();
        }
        if (based || vm_.bootrom) {
            loader();
        }
        draft_.memory_set = draft_.memory_set || based;  // where the file could not be read, that is said
        topology();
        if (vm_.scriptpath) {
            hooks();
        }
        return good_;
    }

private:
    void drop(std::string_view key, std::string message) {
        context_.report(mark_of(key), Severity::error, draft_.section_name, key, std::move(message));
        good_ = false;
    }

    [[nodiscard]] auto mark_of(std::string_view key) const -> Mark {
        Entry const* const entry = draft_.find(key);
        return entry != nullptr && !entry->marks.empty() ? entry->marks.front() : draft_.section;
    }

    void read_base() {
        auto const& path = draft_.configfile.path;
        if (context_.files == nullptr) {
            drop("configfile", "no files can be read here");
            return;
        }
        bool too_large = false;
        auto answer = context_.files->read(path, Asker{}, [&](FileLooks const& looks) {
            too_large = looks.size > largest_base;
            return !too_large;
        });
        if (auto const* const refusal = std::get_if<FileRefusal>(&answer)) {
            drop("configfile", quoted_text(path) + ": " + refusal->message);
            return;
        }
        auto const* const text = std::get_if<FileText>(&answer);
        if (text == nullptr || too_large) {
            drop("configfile", quoted_text(path) + ": the file is too large");
            return;
        }
        if (!context_.trusts(text->owner)) {
            drop("configfile", quoted_text(path) +
                                   ": access denied: the file does not belong to root, and could give the VM every "
                                   "device and file of the host");
            return;
        }
        vm_.bhyve_base = std::make_shared<BhyveBase const>(
            parse_bhyve_base(path, text->text, [&](unsigned line, bool fatal, std::string message) {
                message = path + ":" + std::to_string(line) + ": " + message;
                if (fatal) {
                    drop("configfile", std::move(message));
                } else {
                    context_.report(mark_of("configfile"), Severity::warning, draft_.section_name, "configfile",
                                    std::move(message));
                }
            }));
    }

    // Where no key says otherwise, the file does; where the file does not either, bhyve does.
    void memory() {
        if (draft_.memory_set) {
            return;
        }
        auto const text = base_value(*vm_.bhyve_base, "memory.size").value_or("256M");
        auto const bytes = parse_memory(text);
        if (!bytes) {
            drop("configfile", "memory.size: " + quoted_text(text) + " is no size of memory: set the key memory");
            return;
        }
        vm_.memory_bytes = *bytes;
        vm_.memory_text = text;
        draft_.memory_set = true;
    }

    // Standard input and output of bhyve would be the daemon's: the VM's console is what is meant.
    void console() {
        for (unsigned port = 0; port < 4; ++port) {
            auto const name = "com" + std::to_string(port + 1);
            if (vm_.com[port].kind == ComPort::Kind::absent && draft_.find(name) == nullptr &&
                base_value(*vm_.bhyve_base, "lpc." + name + ".path") == "stdio") {
                vm_.com[port].kind = ComPort::Kind::automatic;
                vm_.com[port].text = "auto";
                return;
            }
        }
    }

    void loader() {
        if (!draft_.loader_set) {
            vm_.loader = Loader::uefi;
            draft_.loader_set = true;
        }
    }

    [[nodiscard]] auto base_count(char const* key) -> unsigned {
        constexpr std::uint64_t most = 4096;
        auto const text = vm_.bhyve_base ? base_value(*vm_.bhyve_base, key) : std::nullopt;
        if (!text) {
            return 0;
        }
        auto const number = parse_unsigned(*text);
        if (!number || *number == 0 || *number > most) {
            drop("configfile", std::string{key} + ": " + quoted_text(*text) + " is no number of processors");
            return 0;
        }
        return static_cast<unsigned>(*number);
    }

    // What a key says stands; what the file says gives way where both cannot be.
    void topology() {
        Topology const& said = draft_.topology;
        bool const any = said.cpus != 0 || said.sockets != 0 || said.cores != 0 || said.threads != 0;
        if (draft_.find("ncpu") != nullptr) {
            if (any) {
                drop("ncpu",
                     "ncpu says how many processors there are: cpus, sockets, cores and threads cannot be set "
                     "beside it");
            }
            return;
        }
        if (!any && !vm_.bhyve_base) {
            return;
        }
        auto const either = [](unsigned a, unsigned b) { return a != 0 ? a : b; };
        unsigned cpus = either(said.cpus, base_count("cpus"));
        unsigned sockets = either(said.sockets, base_count("sockets"));
        unsigned cores = either(either(said.cores, base_count("cores")), 1);
        unsigned threads = either(either(said.threads, base_count("threads")), 1);
        if (cpus != 0 && sockets != 0 && cpus != sockets * cores * threads) {
            (said.sockets == 0 ? sockets : cpus) = said.sockets == 0 || said.cpus == 0 ? 0 : cpus;
        }
        if (cpus != 0 && sockets == 0) {
            if (cpus % (cores * threads) != 0 && said.cores == 0 && said.threads == 0) {
                cores = threads = 1;
            }
            sockets = cpus / (cores * threads);
        }
        sockets = either(sockets, cpus == 0 ? 1 : sockets);
        unsigned const product = sockets * cores * threads;
        constexpr unsigned most = 4096;
        if ((cpus != 0 && cpus != product) || product > most) {
            drop("cpus", "these processors cannot be: cpus = " + std::to_string(cpus) +
                             ", sockets = " + std::to_string(said.sockets != 0 ? said.sockets : sockets) +
                             ", cores = " + std::to_string(cores) + ", threads = " + std::to_string(threads));
            return;
        }
        vm_.cpus.sockets = sockets;
        vm_.cpus.cores = cores;
        vm_.cpus.threads = threads;
    }

    // The plugin is needed only where there is something for it to run.
    void hooks() {
        std::string const folder = *vm_.scriptpath;
        for (std::string_view const name : hook_scripts) {
            FileLook const look = context_.options.host->look(folder + "/" + std::string{name});
            if (look.kind == FileLook::Kind::regular && look.executable) {
                Setting setting;
                setting.key = "scriptpath";
                setting.values.push_back(folder);
                Mark const mark = mark_of("scriptpath");
                setting.origins.emplace_back(context_.place(*mark.file, mark.through), mark.at.line, mark.at.column);
                vm_.plugin_settings["hookcmd"].push_back(std::move(setting));
                return;
            }
        }
    }

    Context& context_;
    Draft& draft_;
    Definition& vm_;
    bool good_ = true;
};

}  // namespace

auto finish_bhyve(Context& context, Draft& draft) -> bool {
    return BhyveFinisher{context, draft}.run();
}

}  // namespace apiary::config

// vm-bhyve: bhyve_options, the arguments that it hands to bhyve(8) as they are.
#include <array>
#include <string>
#include <vector>

#include "config/import/vm_bhyve.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::string_view source = "bhyve_options";

// With an argument: bhyve(8).
constexpr std::string_view with_argument = "cGklmKoprsU";
// What the daemon passes anyway, or what has no meaning for it.
constexpr std::string_view without_loss = "AHPuwYD";

class Options {
public:
    explicit Options(VmBhyveGuest& guest) : guest_{guest} {}

    void run(std::string_view text) {
        std::vector<std::string_view> words;
        for (std::string_view const word : split(text, ' ')) {
            if (!word.empty()) {
                words.push_back(word);
            }
        }
        for (std::size_t i = 0; i < words.size(); ++i) {
            std::string_view const word = words[i];
            if (word.size() < 2 || word.front() != '-') {
                lose(word);
                continue;
            }
            flags(word.substr(1), i + 1 < words.size() ? words[i + 1] : std::string_view{}, i);
        }
        if (!lost_.empty()) {
            guest_.note(source, "not carried over:" + lost_);
        }
    }

private:
    void lose(std::string_view words) { lost_ += ' ' + std::string{words}; }

    // Several flags in one word, the last of them perhaps with an argument: in the same word or the next.
    void flags(std::string_view letters, std::string_view next, std::size_t& index) {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            char const flag = letters[i];
            if (with_argument.find(flag) == std::string_view::npos) {
                plain(flag);
                continue;
            }
            std::string_view argument = letters.substr(i + 1);
            if (argument.empty()) {
                argument = next;
                ++index;
            }
            if (argument.empty() || !take(flag, argument)) {
                lose(std::string{'-', flag, ' '} + std::string{argument});
            }
            return;
        }
    }

    void plain(char flag) {
        if (flag == 'S') {
            guest_.set("wired_memory", "yes", source);
        } else if (flag == 'x') {
            guest_.set("x2apic", "yes", source);
        } else if (without_loss.find(flag) == std::string_view::npos) {
            lose(std::string{'-', flag});
        }
    }

    auto take(char flag, std::string_view argument) -> bool {
        switch (flag) {
            case 'p':
                guest_.set("cpu_pin", argument, source);
                return true;
            case 'G':
                guest_.set("debug_port", argument, source);
                return true;
            case 'K':
                guest_.set("keymap", argument, source);
                return true;
            case 'l':
                return tpm(split(argument, ','));
            case 's':
                return device(split(argument, ','));
            default:
                return false;
        }
    }

    // tpm,TYPE,DEVICE[,version=V]
    auto tpm(std::vector<std::string_view> const& parts) -> bool {
        constexpr std::string_view version = "version=";
        if (parts.size() < 3 || parts.size() > 4 || parts[0] != "tpm" ||
            (parts.size() == 4 && !parts[3].starts_with(version))) {
            return false;
        }
        guest_.set("tpm",
                   std::string{parts[1]} + ':' + std::string{parts[2]} +
                       (parts.size() == 4 ? ':' + std::string{parts[3].substr(version.size())} : std::string{}),
                   source);
        return true;
    }

    // SLOT,EMULATION[,…]: those that have a key here and nothing that it cannot say.
    auto device(std::vector<std::string_view> const& parts) -> bool {
        if (parts.size() == 2 && parts[1] == "virtio-rnd") {
            guest_.set("virt_random", "yes", source);
            return true;
        }
        if (parts.size() == 3 && parts[1] == "passthru") {
            guest_.set("passthru", parts[2], source);
            return true;
        }
        bool const readonly = parts.size() == 4 && parts[3] == "ro";
        if ((parts.size() == 3 || readonly) && parts[1] == "virtio-9p") {
            guest_.set("sharefs", (readonly ? "readonly:" : "") + std::string{parts[2]}, source);
            return true;
        }
        return false;
    }

    VmBhyveGuest& guest_;
    std::string lost_;
};

}  // namespace

void import_options(VmBhyveGuest& guest) {
    if (auto const text = guest.file.get(source); !text.empty()) {
        Options{guest}.run(text);
    }
}

}  // namespace apiary::config

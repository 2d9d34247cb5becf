#include "plugin/declaration.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <apiary/plugin.h>
#include "plugin/members.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

using namespace std::chrono;

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";

auto shown(std::string_view text) -> std::string {
    std::string safe = shortened(text, 64);
    std::replace_if(
        safe.begin(), safe.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return '"' + safe + '"';
}

// 1 to `most` characters: the first a letter, then also digits and `more`.
auto is_word(std::string_view text, std::string_view more, std::size_t most) -> bool {
    return !text.empty() && text.size() <= most && lower.find(text.front()) != std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [more](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
           });
}

auto one_line(std::string_view text) -> bool {
    return text.size() <= max_text &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

auto parse_integer(std::string_view text) -> std::optional<std::int64_t> {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

auto is_boolean(std::string_view text) -> bool {
    std::string low{text};
    std::transform(low.begin(), low.end(), low.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return low == "yes" || low == "true" || low == "no" || low == "false";
}

class Judge {
public:
    explicit Judge(Declaration const& declaration) : declared_{declaration} {}

    auto run(std::string_view file) -> std::vector<std::string> {
        if (declared_.abi != APIARY_PLUGIN_ABI) {
            say("it speaks version " + std::to_string(declared_.abi) +
                " of the plugins' interface, this Apiary version " + std::to_string(APIARY_PLUGIN_ABI) +
                ": build it against this Apiary's plugin.h");
        }
        if (!is_plugin_name(declared_.name)) {
            say("its name is " + shown(declared_.name) +
                ": a name has 1 to 32 lower case letters, digits and '-', and begins with a letter");
        } else if (!file.empty() && file != declared_.name + ".so") {
            say("it calls itself " + declared_.name + ", so its file must be called " + declared_.name + ".so, not " +
                std::string{file});
        }
        line(declared_.version, "its version");
        line(declared_.doc, "its description");
        judge_keys();
        judge_order();
        judge_rights();
        if (!declared_.events.empty() && !declared_.has.event) {
            say("it wants to hear events, but has no function event");
        }
        if (declared_.replay && std::ranges::find(declared_.events, "state") == declared_.events.end()) {
            say("it wants to be told anew of the VMs that are up (APIARY_PLUGIN_REPLAY), but does not hear state");
        }
        names(declared_.events, "events", [](std::string_view one) { return is_word(one, "-", 64); });
        timeout(declared_.prestart_timeout, "prestart");
        timeout(declared_.poststop_timeout, "poststop");
        timeout(declared_.event_timeout, "event");
        return std::move(faults_);
    }

private:
    void say(std::string text) {
        if (faults_.size() < 20) {  // for people
            faults_.push_back(std::move(text));
        }
    }
    void line(std::string_view text, std::string const& what) {
        if (!one_line(text)) {
            say(what + " is not one line of text of at most " + std::to_string(max_text) + " bytes");
        }
    }
    void timeout(milliseconds given, std::string const& what) {
        if (given <= milliseconds::zero() || given > max_timeout) {
            say("the timeout of " + what + " is " + std::to_string(given.count()) + " ms; at most " +
                std::to_string(max_timeout.count()) + " are allowed");
        }
    }
    template <typename Good>
    void names(std::vector<std::string> const& all, std::string const& what, Good good) {
        if (all.size() > max_names) {
            say("it names " + std::to_string(all.size()) + " in " + what + "; " + std::to_string(max_names) +
                " are allowed");
            return;
        }
        for (auto const& one : all) {
            if (!good(one)) {
                say(shown(one) + " in " + what + " is no name");
            }
        }
    }

    void judge_order() {
        names(declared_.before, "before", is_plugin_name);
        names(declared_.after, "after", is_plugin_name);
        for (auto const& one : declared_.before) {
            if (one == declared_.name) {
                say("it wants to come before itself");
            }
            if (std::find(declared_.after.begin(), declared_.after.end(), one) != declared_.after.end()) {
                say("it wants to come before " + shown(one) + ", and after it");
            }
        }
        if (std::find(declared_.after.begin(), declared_.after.end(), declared_.name) != declared_.after.end()) {
            say("it wants to come after itself");
        }
    }

    void judge_rights() {
        if (declared_.user && !is_account(*declared_.user)) {
            say(shown(*declared_.user) + " is no name of an account");
        }
        if (!declared_.capabilities.empty() && !declared_.user) {
            say("it keeps capabilities, but names no user to run as");
        }
        names(declared_.capabilities, "capabilities", [](std::string_view one) { return is_word(one, "_", 64); });
    }
    static auto is_account(std::string_view name) -> bool {
        return !name.empty() && name.size() <= 64 && name.front() != '-' &&
               std::all_of(name.begin(), name.end(),
                           [](unsigned char c) { return c > 0x20 && c < 0x7f && c != ':' && c != '/'; });
    }

    void judge_keys() {
        if (declared_.keys.size() > max_keys) {
            say("it adds " + std::to_string(declared_.keys.size()) + " keys; " + std::to_string(max_keys) +
                " are allowed");
            return;
        }
        std::set<std::string_view> seen;
        for (auto const& key : declared_.keys) {
            if (!is_word(key.name, "_", max_key_name)) {
                say(shown(key.name) + " is no name of a key: 1 to " + std::to_string(max_key_name) +
                    " lower case letters, digits and '_', the first a letter");
                continue;
            }
            if (!seen.insert(key.name).second) {
                say("the key " + key.name + " is declared twice");
            }
            judge_key(key, "the key " + key.name);
        }
    }

    void judge_key(Key const& key, std::string const& what) {
        if (key.doc.empty()) {
            say(what + " says nothing about what it is for (doc)");
        }
        line(key.doc, "the description of " + what);
        line(key.why, "the reason (why) of " + what);
        if (key.root_only && key.why.empty()) {
            say(what + " is for files of root alone, but does not say why");
        }
        if (key.type == KeyType::word) {
            judge_words(key, what);
        }
        bool const any = key.least == 0 && key.most == 0;
        if (key.type == KeyType::integer && !any && key.least > key.most) {
            say(what + " allows no number: its least is " + std::to_string(key.least) + ", its most " +
                std::to_string(key.most));
        }
        if (key.fallback && key.secret) {
            say(what + " is a secret with a default, which everybody could read");
        } else if (key.fallback && !fits(key, *key.fallback)) {
            say("the default of " + what + ", " + shown(*key.fallback) + ", is no value that it allows");
        }
    }

    void judge_words(Key const& key, std::string const& what) {
        std::set<std::string_view> const different{key.words.begin(), key.words.end()};
        if (key.words.empty() || key.words.size() > max_words) {
            say(what + " has " + std::to_string(key.words.size()) + " words to choose from; 1 to " +
                std::to_string(max_words) + " are allowed");
        } else if (different.size() != key.words.size()) {
            say(what + " has the same word twice");
        }
        for (auto const& one : key.words) {
            if (one.empty() || one.size() > max_key_name || !one_line(one)) {
                say(what + " has the word " + shown(one) + ", which nobody could write");
            }
        }
    }

    static auto fits(Key const& key, std::string const& value) -> bool {
        switch (key.type) {
            case KeyType::text:
                return one_line(value);
            case KeyType::boolean:
                return is_boolean(value);
            case KeyType::integer: {
                auto const number = parse_integer(value);
                return number && ((key.least == 0 && key.most == 0) || (*number >= key.least && *number <= key.most));
            }
            case KeyType::word:
                return std::find(key.words.begin(), key.words.end(), value) != key.words.end();
            case KeyType::path:
            case KeyType::executable:
                return one_line(value) && value.starts_with('/');
        }
        return false;
    }

    Declaration const& declared_;
    std::vector<std::string> faults_;
};

auto phase_number(Phase phase) -> std::uint32_t {
    switch (phase) {
        case Phase::network:
            return APIARY_PHASE_NETWORK;
        case Phase::storage:
            return APIARY_PHASE_STORAGE;
        case Phase::device:
            return APIARY_PHASE_DEVICE;
        case Phase::hook:
            return APIARY_PHASE_HOOK;
    }
    return APIARY_PHASE_HOOK;
}

auto phase_from(std::uint64_t number) -> Phase {
    for (Phase const one : {Phase::network, Phase::storage, Phase::device}) {
        if (phase_number(one) == number) {
            return one;
        }
    }
    return Phase::hook;
}

// The numbers of the ABI are those of the list here.
static_assert(static_cast<int>(KeyType::executable) == APIARY_KEY_EXECUTABLE);
static_assert(static_cast<int>(KeyType::word) == APIARY_KEY_WORD);

auto key_to_json(Key const& key) -> Json {
    std::uint32_t const flags = (key.list ? APIARY_KEY_LIST : 0U) | (key.secret ? APIARY_KEY_SECRET : 0U) |
                                (key.root_only ? APIARY_KEY_ROOT_ONLY : 0U);
    Json body{{"name", key.name},   {"type", static_cast<std::uint32_t>(key.type)},
              {"flags", flags},     {"doc", key.doc},
              {"why", key.why},     {"words", key.words},
              {"least", key.least}, {"most", key.most}};
    if (key.fallback) {
        body["fallback"] = *key.fallback;
    }
    return body;
}

auto key_from(Json const& body) -> Key {
    std::uint64_t const type = number_of(body, "type");
    std::uint64_t const flags = number_of(body, "flags");
    return {.name = text_of(body, "name"),
            .type = type <= APIARY_KEY_EXECUTABLE ? static_cast<KeyType>(type) : KeyType::text,
            .list = (flags & APIARY_KEY_LIST) != 0,
            .secret = (flags & APIARY_KEY_SECRET) != 0,
            .root_only = (flags & APIARY_KEY_ROOT_ONLY) != 0,
            .fallback = find_text(body, "fallback"),
            .doc = text_of(body, "doc"),
            .why = text_of(body, "why"),
            .words = texts_of(body, "words"),
            .least = signed_of(body, "least"),
            .most = signed_of(body, "most")};
}

// A number of milliseconds that does not fit into the type is no smaller one.
auto timeout_from(Json const& frame, char const* name, milliseconds fallback) -> milliseconds {
    std::uint64_t const given = number_of(frame, name);
    constexpr std::uint64_t most = 0xffff'ffff;
    return given == 0 ? fallback : milliseconds{std::min(given, most)};
}

struct NamedFunction {
    char const* name;
    bool Functions::*member;
};
constexpr NamedFunction functions[] = {{"configure", &Functions::configure}, {"prestart", &Functions::prestart},
                                       {"poststop", &Functions::poststop},   {"renew", &Functions::renew},
                                       {"event", &Functions::event},         {"reload", &Functions::reload}};

}  // namespace

auto to_string(Phase phase) -> std::string_view {
    switch (phase) {
        case Phase::network:
            return "network";
        case Phase::storage:
            return "storage";
        case Phase::device:
            return "device";
        case Phase::hook:
            return "hook";
    }
    return "hook";
}

auto to_frame(Declaration const& declaration) -> Json {
    std::uint32_t const flags = (declaration.no_network ? APIARY_PLUGIN_NO_NETWORK : 0U) |
                                (declaration.all_vms ? APIARY_PLUGIN_ALL_VMS : 0U) |
                                (declaration.not_needed ? APIARY_PLUGIN_NOT_NEEDED : 0U) |
                                (declaration.own_events ? APIARY_PLUGIN_OWN_EVENTS : 0U) |
                                (declaration.renew_at_reboot ? APIARY_PLUGIN_RENEW_AT_REBOOT : 0U) |
                                (declaration.replay ? APIARY_PLUGIN_REPLAY : 0U);
    Json frame{{"t", "plugin"},
               {"protocol", protocol_version},
               {"abi", declaration.abi},
               {"name", declaration.name},
               {"version", declaration.version},
               {"doc", declaration.doc},
               {"keys", Json::array()},
               {"phase", phase_number(declaration.phase)},
               {"flags", flags},
               {"before", declaration.before},
               {"after", declaration.after},
               {"events", declaration.events},
               {"capabilities", declaration.capabilities},
               {"prestart_timeout", declaration.prestart_timeout.count()},
               {"poststop_timeout", declaration.poststop_timeout.count()},
               {"event_timeout", declaration.event_timeout.count()},
               {"has", Json::array()}};
    for (auto const& key : declaration.keys) {
        frame["keys"].push_back(key_to_json(key));
    }
    if (declaration.user) {
        frame["user"] = *declaration.user;
    }
    for (auto const& [name, member] : functions) {
        if (declaration.has.*member) {
            frame["has"].push_back(name);
        }
    }
    return frame;
}

auto declaration_from(Json const& frame) -> Declaration {
    std::uint64_t const flags = number_of(frame, "flags");
    Declaration declared{
        .abi = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_of(frame, "abi"), 0xffff'ffff)),
        .name = text_of(frame, "name"),
        .version = text_of(frame, "version"),
        .doc = text_of(frame, "doc"),
        .keys = {},
        .phase = phase_from(number_of(frame, "phase")),
        .no_network = (flags & APIARY_PLUGIN_NO_NETWORK) != 0,
        .all_vms = (flags & APIARY_PLUGIN_ALL_VMS) != 0,
        .not_needed = (flags & APIARY_PLUGIN_NOT_NEEDED) != 0,
        .own_events = (flags & APIARY_PLUGIN_OWN_EVENTS) != 0,
        .renew_at_reboot = (flags & APIARY_PLUGIN_RENEW_AT_REBOOT) != 0,
        .replay = (flags & APIARY_PLUGIN_REPLAY) != 0,
        .before = texts_of(frame, "before"),
        .after = texts_of(frame, "after"),
        .events = texts_of(frame, "events"),
        .user = find_text(frame, "user"),
        .capabilities = texts_of(frame, "capabilities"),
        .has = {}};
    declared.prestart_timeout = timeout_from(frame, "prestart_timeout", Declaration::default_step_timeout);
    declared.poststop_timeout = timeout_from(frame, "poststop_timeout", Declaration::default_step_timeout);
    declared.event_timeout = timeout_from(frame, "event_timeout", Declaration::default_event_timeout);
    if (auto const keys = frame.find("keys"); keys != frame.end() && keys->is_array()) {
        for (auto const& key : *keys) {
            declared.keys.push_back(key_from(key));
        }
    }
    auto const has = texts_of(frame, "has");
    for (auto const& [name, member] : functions) {
        declared.has.*member = std::find(has.begin(), has.end(), name) != has.end();
    }
    return declared;
}

auto judge(Declaration const& declaration, std::string_view file) -> std::vector<std::string> {
    return Judge{declaration}.run(file);
}

auto is_plugin_name(std::string_view name) -> bool {
    return is_word(name, "-", 32);
}

}  // namespace apiary::plugin

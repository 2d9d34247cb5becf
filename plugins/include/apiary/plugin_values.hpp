// What plugin.hpp has of values: a plugin's declaration, a program to run and its end.
#pragma once

#include <apiary/plugin.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace apiary::plugins {

// The VM is not to start, and there is nothing to undo. Its text is what people read.
struct Veto : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A contribution was refused. The host has told why with the call, and in the log: where this leaves a function of the
// plugin, those words are the reason that people read.
struct ContributionRefused : std::runtime_error {
    ContributionRefused(std::string const& kind, std::string const& id)
        : std::runtime_error{"the contribution " + kind + " " + id + " was refused: the log of the plugin says why"} {}
};

// A key of the configuration.
class Key {
public:
    [[nodiscard]] static auto text(std::string name, std::string doc) -> Key { return {APIARY_KEY_TEXT, name, doc}; }
    [[nodiscard]] static auto boolean(std::string name, std::string doc) -> Key {
        return {APIARY_KEY_BOOLEAN, name, doc};
    }
    [[nodiscard]] static auto integer(std::string name, std::string doc, std::int64_t least = 0, std::int64_t most = 0)
        -> Key {
        Key key{APIARY_KEY_INTEGER, name, doc};
        key.least_ = least;
        key.most_ = most;
        return key;
    }
    [[nodiscard]] static auto word(std::string name, std::string doc, std::vector<std::string> words) -> Key {
        Key key{APIARY_KEY_WORD, name, doc};
        key.words_ = std::move(words);
        return key;
    }
    [[nodiscard]] static auto path(std::string name, std::string doc) -> Key { return {APIARY_KEY_PATH, name, doc}; }
    [[nodiscard]] static auto executable(std::string name, std::string doc) -> Key {
        return {APIARY_KEY_EXECUTABLE, name, doc};
    }

    auto fallback(std::string value) && -> Key&& {
        fallback_ = std::move(value);
        return std::move(*this);
    }
    auto list() && -> Key&& {
        flags_ |= APIARY_KEY_LIST;
        return std::move(*this);
    }
    auto secret() && -> Key&& {
        flags_ |= APIARY_KEY_SECRET;
        return std::move(*this);
    }
    // What others than root could do with it.
    auto root_only(std::string why) && -> Key&& {
        flags_ |= APIARY_KEY_ROOT_ONLY;
        why_ = std::move(why);
        return std::move(*this);
    }

    // As plugin.h has it; points into this object.
    [[nodiscard]] auto raw() -> apiary_key {
        for (auto const& word : words_) {
            pointers_.push_back(word.c_str());
        }
        pointers_.push_back(nullptr);
        apiary_key key{};
        key.name = name_.c_str();
        key.type = static_cast<std::uint32_t>(type_);
        key.flags = flags_;
        key.fallback = fallback_ ? fallback_->c_str() : nullptr;
        key.doc = doc_.c_str();
        key.why = why_.empty() ? nullptr : why_.c_str();
        key.words = words_.empty() ? nullptr : pointers_.data();
        key.least = least_;
        key.most = most_;
        return key;
    }

private:
    Key(apiary_key_type type, std::string& name, std::string& doc)
        : type_{type}, name_{std::move(name)}, doc_{std::move(doc)} {}
    apiary_key_type type_;
    std::string name_, doc_, why_;
    std::optional<std::string> fallback_;
    std::vector<std::string> words_;
    std::vector<char const*> pointers_;
    std::uint32_t flags_ = 0;
    std::int64_t least_ = 0, most_ = 0;
};

struct Declaration {
    std::string name, version = "0", doc = {};
    std::vector<Key> keys = {};
    apiary_phase phase = APIARY_PHASE_HOOK;
    std::uint32_t flags = 0;  // enum apiary_plugin_flag
    std::vector<std::string> before = {}, after = {}, events = {};
    std::optional<std::string> user = {};
    std::vector<std::string> capabilities = {};
    std::chrono::milliseconds prestart_timeout{0}, poststop_timeout{0}, event_timeout{0};  // 0: plugin.h's
};

struct Contribution {
    std::string kind, id, value;
};

// A program to run; what is left as it is means what plugin.h says.
struct Command {
    std::vector<std::string> argv;  // the first is the absolute path
    std::vector<std::string> environment = {};
    std::string folder = {}, user = {};
    std::optional<std::uint32_t> owner = {};  // uid that the file must belong to
    std::chrono::milliseconds timeout{0};
    std::function<void(bool is_error, std::string_view)> line = {};  // none: the VM's log
    bool log_too = false;
    std::string name = {};  // what the program sees as its argv[0]; empty: its path
};

// A program could not be run: what() says which and why.
class RunFault : public std::system_error {
public:
    RunFault(int error, std::string text) : std::system_error{error, std::generic_category()}, text_{std::move(text)} {}
    [[nodiscard]] auto what() const noexcept -> char const* override { return text_.c_str(); }

private:
    std::string text_;
};

struct Outcome {
    int status = -1;  // -1: it did not exit
    int signal = 0;
    bool timed_out = false, canceled = false;
    std::string last_line;
    [[nodiscard]] auto ok() const -> bool { return status == 0; }
};

}  // namespace apiary::plugins

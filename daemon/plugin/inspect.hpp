// What a plugin's file says about itself, and what the plugin says about settings: asked of processes without rights,
// and waited for. For the pool of threads, and for programs that have no loop.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugin/call.hpp"
#include "plugin/declaration.hpp"
#include "plugin/folder.hpp"

namespace apiary::plugin {

struct Inspected {
    std::optional<Declaration> declaration;
    std::string fault;  // why there is none
};

// Any thread.
class Inspector {
public:
    explicit Inspector(std::string host_program, std::chrono::milliseconds patience = std::chrono::seconds{10})
        : program_{std::move(host_program)}, patience_{patience} {}

    // One content of a file is asked once.
    [[nodiscard]] auto describe(PluginFile const& file) -> Inspected;
    // Several, at the same time.
    [[nodiscard]] auto describe(std::vector<PluginFile> const& files) -> std::vector<Inspected>;

private:
    [[nodiscard]] auto ask(PluginFile const& file) const -> Inspected;
    std::string program_;
    std::chrono::milliseconds patience_;
    std::mutex mutex_;
    std::map<FileId, Inspected> known_;
};

struct CheckMessage {
    int level = 0;    // of plugin.h
    std::string key;  // may be empty
    std::string text;
};
struct Checked {
    bool ok = true;
    std::vector<CheckMessage> messages;
    std::string trouble;  // it could not be asked, or gave no answer: nothing is known then
};

// The configure() of one plugin, for as long as one reading of the configuration takes. One thread.
class Checker {
public:
    Checker(std::string host_program, PluginFile file, Declaration declaration,
            std::chrono::milliseconds patience = std::chrono::seconds{10});
    ~Checker();
    Checker(Checker const&) = delete;
    auto operator=(Checker const&) -> Checker& = delete;

    [[nodiscard]] auto check(std::string const& vm, unsigned id, Settings settings) -> Checked;

private:
    class Child;
    std::string program_;
    PluginFile file_;
    Declaration declaration_;
    std::chrono::milliseconds patience_;
    std::unique_ptr<Child> child_;
    std::uint64_t last_id_ = 0;
    int deaths_ = 0;
};

}  // namespace apiary::plugin

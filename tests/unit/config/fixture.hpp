// What the tests of the configuration share: made-up accounts and files, and short ways to load a text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"

namespace apiary::config {

inline constexpr uid_t alice = 1001, bob = 1002;
inline constexpr gid_t staff = 50, games = 60;

// root, alice (in staff), bob; the groups staff and games.
class FakeAccounts final : public Accounts {
public:
    [[nodiscard]] auto user(std::string const& name) const -> std::optional<User> override {
        auto const found = users_.find(name);
        return found != users_.end() ? std::optional{User{found->second, 100, name}} : std::nullopt;
    }
    [[nodiscard]] auto user(uid_t uid) const -> std::optional<User> override {
        for (auto const& [name, id] : users_) {
            if (id == uid) {
                return User{id, 100, name};
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] auto group(std::string const& name) const -> std::optional<Group> override {
        if (name == "staff") {
            return Group{staff, name};
        }
        return name == "games" ? std::optional{Group{games, name}} : std::nullopt;
    }
    [[nodiscard]] auto is_member(User const& user, gid_t group) const -> bool override {
        return user.uid == alice && group == staff;
    }

private:
    std::map<std::string, uid_t> users_{{"root", 0}, {"alice", alice}, {"bob", bob}};
};

class FakeHost final : public Host {
public:
    [[nodiscard]] auto look(std::string const& path) const -> FileLook override {
        asked.insert(path);
        auto const found = files.find(path);
        return found != files.end() ? found->second : FileLook{};
    }
    [[nodiscard]] auto cpus() const -> unsigned override { return 8; }

    std::map<std::string, FileLook> files{
        {"/img", {FileLook::Kind::regular, false}},
        {"/iso", {FileLook::Kind::regular, false}},
        {"/dev/sda", {FileLook::Kind::block_device, false}},
        {"/dev/dsp", {FileLook::Kind::character_device, false}},
        {"/k", {FileLook::Kind::regular, false}},
        {"/i", {FileLook::Kind::regular, false}},
        {"/boot/kernel", {FileLook::Kind::regular, false}},
        {"/folder", {FileLook::Kind::other, true}},
        {"/bin/hook", {FileLook::Kind::regular, true}},
    };
    mutable std::set<std::string> asked;
};

struct Fixture : testing::Test {
    FakeAccounts accounts;
    FakeHost host;
    LoadOptions options;
    LoadResult result;

    Fixture() {
        options.accounts = &accounts;
        options.host = &host;
        options.default_backend = BackendKind::bhyve;
    }

    void load(std::vector<FileText> const& files) { result = load_files(files, options); }
    void load(std::string const& text) { load({{"main.conf", 0, text}}); }

    // A VM named v that is complete, with `body` in it.
    void load_vm(std::string const& body) { load(vm_text(body)); }
    void load_vm_of(uid_t owner, std::string const& body) { load({{"user.conf", owner, vm_text(body)}}); }
    static auto vm_text(std::string const& body) -> std::string {
        return "vm v { memory = 1G; loader = uefi;\n" + body + "\n}\n";
    }

    [[nodiscard]] auto vm(std::string const& name = "v") const -> Definition const& {
        for (DefinitionPtr const& definition : result.definitions) {
            if (definition->name == name) {
                return *definition;
            }
        }
        ADD_FAILURE() << "no VM " << name << " in\n" << said();
        static Definition const none;
        return none;
    }
    [[nodiscard]] auto names() const -> std::vector<std::string> {
        std::vector<std::string> all;
        for (DefinitionPtr const& definition : result.definitions) {
            all.push_back(definition->name);
        }
        return all;
    }
    [[nodiscard]] auto messages(Severity severity) const -> std::vector<std::string> {
        std::vector<std::string> all;
        for (Diagnostic const& diagnostic : result.diagnostics) {
            if (diagnostic.severity == severity) {
                all.push_back(format(diagnostic));
            }
        }
        return all;
    }
    [[nodiscard]] auto errors() const -> std::vector<std::string> { return messages(Severity::error); }
    [[nodiscard]] auto warnings() const -> std::vector<std::string> { return messages(Severity::warning); }
    [[nodiscard]] auto said() const -> std::string {
        std::string all;
        for (Diagnostic const& diagnostic : result.diagnostics) {
            all += format(diagnostic) + "\n";
        }
        return all;
    }
};

}  // namespace apiary::config

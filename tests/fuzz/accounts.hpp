// Accounts and a host for the fuzzers: three users, a few files, nothing of this machine.
#pragma once

#include <map>
#include <string>

#include "config/accounts.hpp"
#include "config/host.hpp"

namespace apiary::fuzz {

class Accounts final : public config::Accounts {
public:
    [[nodiscard]] auto user(std::string const& name) const -> std::optional<config::User> override {
        for (uid_t const uid : {0U, 1001U, 1002U}) {
            if (name == name_of(uid)) {
                return config::User{uid, uid, name};
            }
        }
        return std::nullopt;
    }
    [[nodiscard]] auto user(uid_t uid) const -> std::optional<config::User> override { return user(name_of(uid)); }
    [[nodiscard]] auto group(std::string const& name) const -> std::optional<config::Group> override {
        return name == "staff" ? std::optional{config::Group{50, name}} : std::nullopt;
    }
    [[nodiscard]] auto is_member(config::User const& user, gid_t group) const -> bool override {
        return user.uid == 1001 && group == 50;
    }

private:
    static auto name_of(uid_t uid) -> std::string {
        return uid == 0 ? "root" : uid == 1001 ? "alice" : uid == 1002 ? "bob" : "";
    }
};

class Host final : public config::Host {
public:
    [[nodiscard]] auto look(std::string const& path) const -> config::FileLook override {
        return path.size() % 2 == 0 ? config::FileLook{config::FileLook::Kind::regular, true} : config::FileLook{};
    }
    [[nodiscard]] auto cpus() const -> unsigned override { return 8; }
};

}  // namespace apiary::fuzz

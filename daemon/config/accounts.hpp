// Users and groups of the host, as far as a configuration names them.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace apiary::config {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name;
};

struct Group {
    gid_t gid = 0;
    std::string name;
};

// May block (name service): ask off the loop.
class Accounts {
public:
    virtual ~Accounts() = default;
    [[nodiscard]] virtual auto user(std::string const& name) const -> std::optional<User> = 0;
    [[nodiscard]] virtual auto user(uid_t uid) const -> std::optional<User> = 0;
    [[nodiscard]] virtual auto group(std::string const& name) const -> std::optional<Group> = 0;
    [[nodiscard]] virtual auto is_member(User const& user, gid_t group) const -> bool = 0;
};

// The host's own.
class SystemAccounts final : public Accounts {
public:
    [[nodiscard]] auto user(std::string const& name) const -> std::optional<User> override;
    [[nodiscard]] auto user(uid_t uid) const -> std::optional<User> override;
    [[nodiscard]] auto group(std::string const& name) const -> std::optional<Group> override;
    [[nodiscard]] auto is_member(User const& user, gid_t group) const -> bool override;
};

// Asks another one once for each name: for the time of one load.
class RememberedAccounts final : public Accounts {
public:
    explicit RememberedAccounts(Accounts const& source) : source_{source} {}
    [[nodiscard]] auto user(std::string const& name) const -> std::optional<User> override;
    [[nodiscard]] auto user(uid_t uid) const -> std::optional<User> override;
    [[nodiscard]] auto group(std::string const& name) const -> std::optional<Group> override;
    [[nodiscard]] auto is_member(User const& user, gid_t group) const -> bool override;

private:
    Accounts const& source_;
    mutable std::map<std::string, std::optional<User>> users_;
    mutable std::map<uid_t, std::optional<User>> users_by_id_;
    mutable std::map<std::string, std::optional<Group>> groups_;
    mutable std::map<std::pair<uid_t, gid_t>, bool> members_;
};

}  // namespace apiary::config

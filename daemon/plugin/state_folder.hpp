// What the daemon keeps of a plugin: <state>/plugins/<name>/ with
//   state/     the plugin's own, and the lock of its process
//   secrets/   files that the admin puts there, for the plugin alone
//   disabled   there is such a file: it is disabled, for the reason in it
// All of it blocks.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace apiary::plugin {

class StateFolder {
public:
    StateFolder(std::string root, std::string const& plugin) : root_{std::move(root)}, path_{root_ + "/" + plugin} {}

    [[nodiscard]] auto state() const -> std::string { return path_ + "/state"; }

    // Makes what is missing; `user`: who the plugin runs as, if not as we do. A text: what is wrong.
    [[nodiscard]] auto prepare(std::optional<std::string> const& user) const -> std::string;

    [[nodiscard]] auto disabled() const -> std::optional<std::string>;  // why; nothing: it is not
    // Durable. A text: why it could not be kept.
    [[nodiscard]] auto disable(std::string const& why) const -> std::string;
    [[nodiscard]] auto enable() const -> std::string;

    struct Secret {
        std::optional<std::string> value;
        int error = 0;      // number of errno, where there is no value
        std::string fault;  // for the log: what an admin should mend
    };
    [[nodiscard]] auto secret(std::string const& name) const -> Secret;

private:
    std::string root_, path_;
};

}  // namespace apiary::plugin

#include "program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "account.hpp"
#include "path_trust.hpp"

namespace apiary::hookcmd {
namespace {

auto called(Program const& program) -> std::string {
    return program.what + " " + program.path;
}

// Root's file, or that of the account that it runs as; the host of the plugin holds what is executed against it.
auto owner_of(std::string const& path, uid_t user) -> uid_t {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && found.st_uid == 0 ? 0 : user;
}

auto trouble_of(Program const& program, plugins::Outcome const& outcome) -> std::optional<Trouble> {
    using Kind = Trouble::Kind;
    if (outcome.ok()) {
        return std::nullopt;
    }
    auto const said = outcome.last_line.empty() ? std::string{} : "; its last line: " + outcome.last_line;
    if (outcome.canceled) {
        return Trouble{Kind::called_off, called(program) + " was killed, for it was called off"};
    }
    if (outcome.timed_out) {
        return Trouble{Kind::broken, called(program) + " took longer than " +
                                         std::to_string(program.timeout.count() / 1000) +
                                         " s (hook_timeout) and was killed with all that it had started" + said};
    }
    if (outcome.status < 0) {
        return Trouble{Kind::broken, called(program) + " was ended by signal " + std::to_string(outcome.signal) + said};
    }
    auto const where = called(program) + ", exit status " + std::to_string(outcome.status);
    return Trouble{Kind::said_no,
                   outcome.last_line.empty() ? where + ", and no reason" : outcome.last_line + " (" + where + ")"};
}

}  // namespace

auto run(plugins::Call& call, Program const& program) -> std::optional<Trouble> {
    auto const user = program.user.empty() ? std::optional{::geteuid()} : find_uid(program.user);
    if (!user) {
        return Trouble{Trouble::Kind::not_run, called(program) + " cannot be run: " + program.user +
                                                   ", whom the VM belongs to, has no account on this host"};
    }
    if (auto const fault = exchangeable(program.path, *user); !fault.empty()) {
        return Trouble{Trouble::Kind::not_run, called(program) + " is not run: " + fault};
    }
    plugins::Command command{.argv = {program.path}};
    command.argv.insert(command.argv.end(), program.arguments.begin(), program.arguments.end());
    command.name = program.name;
    command.environment = program.environment;
    command.owner = owner_of(program.path, *user);
    command.timeout = program.timeout;
    command.user = program.user;
    try {
        return trouble_of(program, call.run(command));
    } catch (plugins::RunFault const& error) {
        bool const over = call.canceled();
        return Trouble{over ? Trouble::Kind::called_off : Trouble::Kind::not_run, program.what + " " + error.what()};
    }
}

}  // namespace apiary::hookcmd

#include "plugins/test/life.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugin/declaration.hpp"
#include "plugin/members.hpp"
#include "plugin/vm_json.hpp"
#include "plugins/test/host.hpp"
#include "plugins/test/reading.hpp"
#include "plugins/test/report.hpp"
#include "plugins/test/told.hpp"

namespace apiary::plugin_test {
namespace {

using namespace std::chrono_literals;
using plugin::Frame;
using plugin::Json;
using plugin::text_of;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 15s;  // for what has no deadline of its own
constexpr auto grace = 2s;      // beyond a deadline, for the way there and back

class Life {
public:
    explicit Life(Options const& options) : options_{options}, state_{options.state} {}
    ~Life() {
        if (options_.state.empty() && !state_.empty()) {
            std::error_code ignored;
            std::filesystem::remove_all(state_, ignored);
        }
    }
    Life(Life const&) = delete;
    auto operator=(Life const&) -> Life& = delete;

    auto lead() -> bool { return describe() && configure() && serve() && live() && good_; }

private:
    void report(std::string const& what, std::string const& came, std::string const& text = {}) {
        report_.result(what, came, text);
    }
    void detail(std::string const& text) { report_.detail(text); }
    auto fault(std::string const& what, std::string const& text) -> bool {
        report(what, "FAILED", text);
        good_ = false;
        return false;
    }

    auto describe() -> bool {
        Host host;
        if (auto const why = host.begin(options_.host, "--describe", options_.file, Json::object()); !why.empty()) {
            return fault("describe", why);
        }
        auto const frame = host.receive(patience, [](Frame const&) { return false; });
        if (!frame) {
            auto const trouble = host.trouble();
            auto const end = host.end(grace);
            return fault("describe", trouble + (end.empty() ? "" : "; " + end));
        }
        if (type_of(*frame) == "failed") {
            return fault("describe", text_of(frame->body, "text"));
        }
        declared_ = plugin::declaration_from(frame->body);
        auto const faults = judge(declared_, std::filesystem::path{options_.file}.filename().string());
        if (!faults.empty()) {
            return faults_of("describe", faults);
        }
        auto const reading = read_as_the_daemon(options_, declared_);
        if (!reading.key_faults.empty()) {
            return faults_of("describe", reading.key_faults);
        }
        report("describe", "ok", declared_.name + " " + declared_.version + ": " + declared_.doc);
        detail("phase " + std::string{to_string(declared_.phase)} + (declared_.all_vms ? ", for all VMs" : "") +
               (declared_.user ? ", as user " + *declared_.user : "") +
               (declared_.no_network ? ", without network" : ""));
        for (auto const& key : declared_.keys) {
            detail("key " + key.name + (key.fallback ? " (" + *key.fallback + ")" : "") + ": " + key.doc);
        }
        return settle(reading);
    }
    auto faults_of(std::string const& what, std::vector<std::string> const& faults) -> bool {
        for (auto const& one : faults) {
            fault(what, one);
        }
        return false;
    }

    // The VM's settings: what was said, and the defaults.
    auto settle(Reading const& reading) -> bool {
        if (!reading.setting_faults.empty()) {
            return faults_of("settings", reading.setting_faults);
        }
        if (!reading.trouble.empty()) {
            report("settings", "-", "they are not checked: " + reading.trouble);
        }
        for (auto const& one : reading.remarks) {
            detail("the daemon would not take this VM: " + one);
        }
        vm_ = plugin::vm_to_json(
            {.name = options_.vm, .id = 1, .incarnation = 1, .run_folder = "/", .settings = options_.settings},
            declared_);
        return true;
    }

    auto configure() -> bool {
        if (!declared_.has.configure) {
            report("configure", "-", "it has none");
            return true;
        }
        Host host;
        if (auto const why = host.begin(options_.host, "--configure", options_.file, Json::object()); !why.empty()) {
            return fault("configure", why);
        }
        report_.call_begins();
        auto const other = [this](Frame const& frame) { return type_of(frame) != "checked" && told(frame); };
        auto frame = host.receive(patience, other);
        if (frame && type_of(*frame) == "plugin") {
            host.send({{"t", "check"}, {"id", 1}, {"vm", vm_}});
            frame = host.receive(patience, other);
        }
        if (!frame || type_of(*frame) != "checked") {
            auto const end = host.end(grace);
            return fault("configure", host.trouble() + (end.empty() ? "" : "; " + end));
        }
        bool const good = plugin::flag_of(frame->body, "ok");
        report("configure", good ? "ok" : "refused", good ? "" : "the VM would be an error of the configuration");
        tell_messages(report_, frame->body["messages"]);
        good_ = good_ && good;
        return good;
    }

    auto serve() -> bool {
        if (state_.empty()) {
            std::string pattern = "/tmp/apiary-plugin-test-XXXXXX";
            state_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
        }
        Json hello{{"state", state_}, {"capabilities", declared_.capabilities}, {"no_network", declared_.no_network}};
        if (!options_.bus.empty()) {
            hello["bus"] = options_.bus;
        }
        if (declared_.user) {
            hello["user"] = *declared_.user;
            give_state_to(*declared_.user);
        }
        host_ = std::make_unique<Host>();
        report_.call_begins();
        if (auto const why = host_->begin(options_.host, "--serve", options_.file, std::move(hello)); !why.empty()) {
            return fault("load and init", why);
        }
        auto const frame = host_->receive(patience, [this](Frame const& one) { return aside(one); });
        if (!frame) {
            return died("load and init");
        }
        if (type_of(*frame) == "failed") {
            return fault("load and init", text_of(frame->body, "text"));
        }
        report("load and init", "ok");
        return true;
    }
    void give_state_to(std::string const& user) {  // as the daemon does
        passwd const* const account = ::getpwnam(user.c_str());
        if (::geteuid() == 0 && account != nullptr && ::chown(state_.c_str(), account->pw_uid, account->pw_gid) != 0) {
            detail("its state folder cannot be given to " + user + ": " + std::strerror(errno));
        }
    }

    // Frames that are no answers.
    auto aside(Frame const& frame) -> bool {
        if (type_of(frame) == "secret") {
            auto const found = options_.secrets.find(text_of(frame.body, "name"));
            Json answer{{"t", "secret"}, {"ask", plugin::number_of(frame.body, "ask")}};
            if (found == options_.secrets.end()) {
                answer["error"] = ENOENT;
                detail("asks for the secret " + text_of(frame.body, "name") + ", which it does not get (--secret)");
            } else {
                answer["value"] = found->second;
            }
            host_->send(std::move(answer));
            return true;
        }
        return told(frame);
    }
    auto told(Frame const& frame) -> bool {
        auto const what = tell(report_, frame);
        good_ = good_ && what != Told::fault;
        return what != Told::nothing;
    }

    auto died(std::string const& what) -> bool {
        auto const trouble = host_->trouble();
        auto const end = host_->end(trouble == "it hangs" ? 0ms : std::chrono::milliseconds{grace});
        return fault(what, trouble + (end.empty() ? "" : "; " + end));
    }

    struct Answer {
        std::string result, text;
    };
    // Nothing: the process is no more.
    auto call(std::string const& what, std::string const& shown, std::chrono::milliseconds timeout,
              bool called_off = false) -> std::optional<Answer> {
        Json body{{"t", "call"},        {"id", ++calls_}, {"what", what}, {"vm", vm_}, {"timeout", timeout.count()},
                  {"attempt", attempt_}};
        if (what == "poststop" || what == "renew") {
            body["contributions"] = to_json(contributed_);
        }
        if (what == "event") {
            bool const replay = shown.starts_with("replay ");
            Json fields{{"state", "running"}, {"sub-state", ""}, {"reason", ""}};
            if (replay) {
                fields["replay"] = "yes";
            } else {
                fields["old-state"] = "starting";
                fields["old-sub-state"] = "launching";
            }
            for (auto const& [name, value] : options_.fields) {
                fields[name] = value;
            }
            body["event"] = {{"seq", replay ? 0 : calls_},
                             {"type", shown.substr(shown.find(' ') + 1)},
                             {"fields", std::move(fields)}};
        }
        auto const begun = Clock::now();
        report_.call_begins();
        host_->send(std::move(body));
        if (called_off) {
            host_->send({{"t", "cancel"}, {"id", calls_}});
        }
        auto const frame = host_->receive(timeout + grace, [this](Frame const& one) {
            if (type_of(one) == "end") {
                return plugin::number_of(one.body, "id") != calls_;
            }
            aside(one);
            return true;
        });
        if (!frame) {
            died(shown);
            return std::nullopt;
        }
        auto const took = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
        Answer answer{text_of(frame->body, "result"), text_of(frame->body, "text")};
        char time[32];
        std::snprintf(time, sizeof time, "%.1f ms", took);
        report(shown, answer.result, time + (answer.text.empty() ? std::string{} : ": " + answer.text));
        if (plugin::flag_of(frame->body, "broken")) {
            fault(shown, "a function of a plugin is left by returning, and in no other way");
        }
        take_contributions(what, *frame);
        return answer;
    }
    void take_contributions(std::string const& what, Frame const& frame) {
        if (what != "prestart" && what != "renew") {
            return;
        }
        auto const made = plugin::triples_of(frame.body, "contributions").value_or(std::vector<plugin::Triple>{});
        for (auto const& one : made) {
            detail("contributes " + one.first + " " + one.second + (one.first == "fd" ? "" : " = " + one.third));
        }
        if (what == "prestart") {
            contributed_ = made;
        }
    }

    auto is_good(std::optional<Answer> const& answer) -> bool {
        good_ = good_ && answer && answer->result == "ok";
        return answer.has_value();
    }

    // False: the process is no more.
    auto start_and_stop() -> bool {
        attempt_ = 1;
        if (!declared_.has.prestart) {
            report("prestart", "-", "it has none");
            return events();
        }
        auto const answer = call("prestart", "prestart", declared_.prestart_timeout);
        if (!answer) {
            // Whatever it had made is undone by another process, which is given nothing.
            if (declared_.has.poststop && serve() && undo("poststop after that")) {
                leave();
            }
            return false;
        }
        bool const vetoed = answer->result == "veto";
        if (vetoed != options_.expects_veto || answer->result == "failed") {
            fault("prestart", options_.expects_veto ? "it was to veto the start (--veto)" : "the VM would not start");
        }
        if (vetoed) {
            return true;
        }
        return events() && renew() && undo("poststop") && undo("poststop, again");
    }
    auto events() -> bool {
        if (declared_.replay && !is_good(call("event", "replay state", declared_.event_timeout))) {
            return false;
        }
        for (auto const& type : declared_.events) {
            if (!is_good(call("event", "event " + type, declared_.event_timeout))) {
                return false;
            }
        }
        return true;
    }
    auto renew() -> bool { return !declared_.has.renew || is_good(call("renew", "renew", declared_.prestart_timeout)); }
    auto undo(std::string const& shown) -> bool {
        return !declared_.has.poststop || is_good(call("poststop", shown, declared_.poststop_timeout));
    }

    auto live() -> bool {
        if (!start_and_stop()) {
            return false;
        }
        // A start that is called off may have any result, but comes back; and it is undone, whatever had come of it.
        attempt_ = 2;
        contributed_.clear();
        if (declared_.has.prestart && (!call("prestart", "prestart, called off", declared_.prestart_timeout, true) ||
                                       !undo("poststop of that"))) {
            return false;
        }
        // What never began is undone too.
        attempt_ = 3;
        contributed_.clear();
        if (!undo("poststop of nothing") || (declared_.has.reload && !is_good(call("reload", "reload", patience)))) {
            return false;
        }
        return leave();
    }
    auto leave() -> bool {
        report_.call_begins();
        host_->send({{"t", "quit"}});
        static_cast<void>(host_->receive(patience, [this](Frame const& one) {
            aside(one);
            return true;
        }));
        bool const hung = host_->trouble() == "it hangs";
        auto const end = host_->end(hung ? 0ms : std::chrono::milliseconds{grace});
        if (hung || !end.empty()) {
            return fault("shutdown", hung ? "it hangs" : end);
        }
        report("shutdown", "ok");
        return true;
    }

    Options const& options_;
    std::string state_;
    Report report_;
    std::unique_ptr<Host> host_;
    plugin::Declaration declared_;
    Json vm_;
    std::vector<plugin::Triple> contributed_;
    std::uint64_t calls_ = 0, attempt_ = 0;
    bool good_ = true;
};

}  // namespace

auto lead_life(Options const& options) -> bool {
    return Life{options}.lead();
}

}  // namespace apiary::plugin_test

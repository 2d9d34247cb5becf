#include "plugin/plugin_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "plugin/members.hpp"
#include "plugin/protocol.hpp"
#include "vm/kill_point.hpp"

namespace apiary::plugin {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

auto seconds_text(Duration time) -> std::string {
    auto const ms = duration_cast<milliseconds>(time).count();
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

auto end_text(int status) -> std::string {
    if (status >= 0 && WIFSIGNALED(status)) {
        return "was killed by signal " + std::to_string(WTERMSIG(status));
    }
    if (status >= 0 && WIFEXITED(status)) {
        return "ended with status " + std::to_string(WEXITSTATUS(status));
    }
    return "ended";
}

PluginProcess::PluginProcess(Loop& loop, Spawner& spawner, HostOwner& owner, HostPlan plan)
    : loop_{loop},
      spawner_{spawner},
      owner_{owner},
      plan_{std::move(plan)},
      self_{std::make_shared<PluginProcess*>(this)} {}

// With its channel it ends by itself; what it runs, too.
PluginProcess::~PluginProcess() {
    *self_ = nullptr;
    discard(reader_.release());
}

auto PluginProcess::begin() -> std::string {
    int pair[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return "there is no socket for its process: " + std::generic_category().message(errno);
    }
    channel_.reset(pair[0]);
    UniqueFd theirs{pair[1]};
    UniqueFd file{::fcntl(plan_.file->get(), F_DUPFD_CLOEXEC, 3)};
    if (::fcntl(channel_.get(), F_SETFL, O_NONBLOCK) != 0 || !file) {
        return "there is no descriptor for its process: " + std::generic_category().message(errno);
    }
    APIARY_KILL_POINT("plugin-host.spawn");
    pid_ = spawner_.spawn(plan_.program, {plan_.program, "--serve", plan_.path}, std::move(theirs),
                          [weak = std::weak_ptr{self_}](int status) {
                              if (auto const self = weak.lock(); self && *self != nullptr) {
                                  (*self)->process_ended(status);
                              }
                          });
    if (pid_ == 0) {
        int const error = errno;
        channel_.reset();
        return "its process, " + plan_.program + ", cannot be started: " + std::generic_category().message(error);
    }
    APIARY_KILL_POINT("plugin-host.spawned");
    readable_ = loop_.watch(channel_.get(), Readiness::readable, [this] { read(); });
    Json hello{{"t", "hello"},
               {"protocol", protocol_version},
               {"version", APIARY_VERSION},
               {"state", plan_.state},
               {"capabilities", plan_.declaration.capabilities},
               {"no_network", plan_.declaration.no_network}};
    if (!plan_.bus.empty()) {
        hello["bus"] = plan_.bus;
    }
    if (plan_.declaration.user) {
        hello["user"] = *plan_.declaration.user;
    }
    std::vector<UniqueFd> descriptors;
    descriptors.push_back(std::move(file));
    timer_ = loop_.after(plan_.start_patience, [this] {
        kill("it was not ready within " + seconds_text(plan_.start_patience) + " of its start");
    });
    send(std::move(hello), std::move(descriptors));
    return {};
}

void PluginProcess::call(std::uint64_t id, Call const& call) {
    auto frame = call.frame;
    frame["id"] = id;
    auto const what = text_of(frame, "what");
    auto& one = under_way_[id];
    one.timer = loop_.after(call.timeout, [this, id] { overdue(id); });
    one.unwanted = what != "prestart" && what != "renew";
    if (call.settings) {
        send(OutgoingFrame{frame, "settings", *call.settings});
    } else {
        send(std::move(frame));
    }
}

void PluginProcess::cancel(std::uint64_t id) {
    auto const found = under_way_.find(id);
    if (found != under_way_.end()) {
        found->second.unwanted = true;
        tell_canceled(id, found->second);
    }
}

void PluginProcess::tell_canceled(std::uint64_t id, UnderWay& call) {
    if (!std::exchange(call.told, true)) {
        send({{"t", "cancel"}, {"id", id}});
    }
}

// Its time is over: it is canceled, and if it does not even hear that, it hangs.
void PluginProcess::overdue(std::uint64_t id) {
    auto& call = under_way_.at(id);
    if (!std::exchange(call.overdue, true)) {
        call.timer = loop_.after(plan_.cancel_grace, [this, id] { overdue(id); });
        tell_canceled(id, call);
        return;
    }
    under_way_.erase(id);
    owner_.on_answer(id, {.kind = Answer::Kind::hung,
                          .text = "it took longer than it may, and did not end when it was canceled",
                          .contributions = {}});
}

void PluginProcess::answer_secret(std::uint64_t ask, std::string const* value, int error) {
    Json frame{{"t", "secret"}, {"ask", ask}};
    if (value != nullptr) {
        frame["value"] = *value;
    } else {
        frame["error"] = error;
    }
    send(std::move(frame));
}

void PluginProcess::tell_bus(std::string const& address) {
    Json frame{{"t", "bus"}};
    if (!address.empty()) {
        frame["bus"] = address;
    }
    send(std::move(frame));
}

void PluginProcess::quit() {
    if (std::exchange(quitting_, true)) {
        return;
    }
    send({{"t", "quit"}});
    timer_ = loop_.after(plan_.quit_patience, [this] {
        kill("it did not end within " + seconds_text(plan_.quit_patience) + " of being told to");
    });
}

void PluginProcess::kill(std::string why) {
    channel_ended(std::move(why));
}

// There is no way back from here: once it is dead, the owner hears of it.
void PluginProcess::channel_ended(std::string why) {
    if (!channel_) {
        return;
    }
    why_ = std::move(why);
    timer_ = nullptr;
    under_way_.clear();
    out_.clear();
    readable_ = nullptr;
    writable_ = nullptr;
    channel_.reset();
    discard(reader_.release());
    if (!reaped_) {
        spawner_.kill(pid_);
        return;
    }
    loop_.post([weak = std::weak_ptr{self_}] {
        if (auto const self = weak.lock(); self && *self != nullptr) {
            (*self)->over();
        }
    });
}

// Its keeper has the channel, too, until it has passed on what a plugin printed as it died: what tells why. So the
// channel is read to its end, which comes soon, unless something that the plugin has begun holds it.
void PluginProcess::process_ended(int status) {
    reaped_ = true;
    status_ = status;
    pid_ = 0;
    if (channel_) {
        timer_ = loop_.after(plan_.last_words, [this] { channel_ended({}); });
        read();
    }
    if (!channel_) {
        over();
    }
}

void PluginProcess::over() {
    owner_.on_end(!why_.empty() ? why_ : "its process " + end_text(status_));
}

void PluginProcess::send(Json frame, std::vector<UniqueFd> descriptors) {
    if (channel_) {
        send(OutgoingFrame{std::move(frame), std::move(descriptors)});
    }
}

void PluginProcess::send(OutgoingFrame out) {
    if (!channel_ || flooded_ || !out.valid()) {
        return;  // larger than any that is made of what the daemon takes: its call ends with its deadline
    }
    out_bytes_ += out.size();
    out_.push_back(std::move(out));
    if (!writable_) {
        flush();
    }
    if (out_bytes_ > most_waiting_bytes && !std::exchange(flooded_, true)) {
        loop_.post([weak = std::weak_ptr{self_}] {
            if (auto const self = weak.lock(); self && *self != nullptr) {
                (*self)->kill("it does not read what it is told");
            }
        });
    }
}

void PluginProcess::flush() {
    while (!out_.empty()) {
        auto const size = out_.front().size();
        auto const sent = send_some(channel_.get(), out_.front(), false);
        if (sent == Sent::again) {
            if (!writable_) {
                writable_ = loop_.watch(channel_.get(), Readiness::writable, [this] { drain(); });
            }
            return;
        }
        if (sent == Sent::gone) {
            break;  // reading tells the same, and what it said last
        }
        out_bytes_ -= size;
        out_.pop_front();
    }
    if (out_.empty()) {
        out_bytes_ = 0;
    }
    writable_ = nullptr;
}

void PluginProcess::drain() {
    bool const had_room = has_room();
    flush();
    if (!had_room && has_room()) {
        owner_.on_room();
    }
}

}  // namespace apiary::plugin

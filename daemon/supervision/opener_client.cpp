#include "supervision/opener_client.hpp"

#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

#include "supervision/opener/opener.h"
#include "supervision/packet_socket.hpp"

namespace apiary::supervision {
namespace {

template <typename T>
auto bytes_of(T const& value) -> std::string {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

}  // namespace

class Opener::Run : public Subscription {
public:
    Run(Opener& opener, std::vector<OpenRequest> requests, Done done)
        : opener_{opener}, requests_{std::move(requests)}, done_{std::move(done)} {}
    ~Run() override {
        if (child_ != 0) {
            opener_.children_.kill(child_);  // it may hang on a file server
        }
    }
    Run(Run const&) = delete;
    auto operator=(Run const&) -> Run& = delete;

    void start(Credentials const& as) {
        auto sockets = packet_pair();
        child_ = sockets ? opener_.children_.spawn(opener_.program_, {"apiary-opener"}, std::move(sockets->theirs)) : 0;
        if (child_ == 0) {
            later("cannot execute " + opener_.program_ + ": " + std::generic_category().message(errno));
            return;
        }
        socket_ = std::move(sockets->ours);
        apiary_opener_identity const identity{
            .uid = as.uid, .gid = as.gid, .group_count = static_cast<std::uint32_t>(as.groups.size())};
        std::string packet = bytes_of(identity);
        for (auto const group : as.groups) {
            packet += bytes_of(group);
        }
        if (as.groups.size() > APIARY_OPENER_GROUPS_MAX || send_packet(socket_.get(), packet, {}) != Transfer::done) {
            later("apiary-opener does not take its identity");
            return;
        }
        readable_ = opener_.loop_.watch(socket_.get(), Readiness::readable, [this] { read(); });
        opener_.loop_.post([this, weak = std::weak_ptr{alive_}] {
            if (!weak.expired()) {
                ask();
            }
        });
    }

private:
    void later(std::string trouble) {
        opener_.loop_.post([this, trouble = std::move(trouble), weak = std::weak_ptr{alive_}] {
            if (!weak.expired()) {
                finish(trouble);
            }
        });
    }

    void ask() {
        auto const next = outcome_.answers.size();
        if (next == requests_.size()) {
            finish({});
            return;
        }
        auto const& wish = requests_[next];
        std::string const packet = bytes_of(apiary_opener_request{.operation = wish.operation}) + wish.path;
        if (wish.path.empty() || wish.path.size() > APIARY_OPENER_PATH_MAX ||
            wish.path.find('\0') != std::string::npos) {
            outcome_.answers.push_back({.fault = APIARY_OPENER_REFUSED,
                                        .error = wish.path.empty() ? ENOENT : ENAMETOOLONG,
                                        .mode = 0,
                                        .fd = nullptr});
            ask();
            return;
        }
        if (send_packet(socket_.get(), packet, {}) != Transfer::done) {
            finish("apiary-opener ended unexpectedly");
            return;
        }
        deadline_ = opener_.loop_.after(opener_.deadline_, [this] {
            finish("it does not answer (does its file server?), given up after " +
                   std::to_string(std::chrono::duration_cast<std::chrono::seconds>(opener_.deadline_).count()) +
                   " seconds");
        });
    }

    void read() {
        Packet packet;
        auto const result = receive_packet(socket_.get(), packet);
        if (result == Transfer::again) {
            return;
        }
        apiary_opener_reply reply{};
        if (result == Transfer::closed || packet.bytes.size() != sizeof reply ||
            outcome_.answers.size() == requests_.size()) {
            finish("apiary-opener ended unexpectedly");
            return;
        }
        std::memcpy(&reply, packet.bytes.data(), sizeof reply);
        OpenAnswer answer{.fault = reply.fault, .error = reply.error, .mode = reply.mode, .fd = nullptr};
        if (reply.fault == APIARY_OPENER_NONE) {
            if (packet.fds.size() != 1) {
                finish("apiary-opener sent no descriptor (too many are open?)");
                return;
            }
            answer.fd = std::make_shared<UniqueFd>(std::move(packet.fds.front()));
        }
        outcome_.answers.push_back(std::move(answer));
        deadline_.reset();
        ask();
    }

    void finish(std::string trouble) {
        readable_.reset();
        deadline_.reset();
        socket_.reset();  // its end of file: an opener that is well ends by itself
        if (!trouble.empty() && child_ != 0) {
            opener_.children_.kill(child_);
        }
        child_ = 0;
        outcome_.trouble = std::move(trouble);
        auto const done = std::move(done_);
        done(std::move(outcome_));
    }

    Opener& opener_;
    std::vector<OpenRequest> requests_;
    Done done_;
    OpenOutcome outcome_;
    pid_t child_ = 0;
    UniqueFd socket_;
    Handle readable_, deadline_;  // after socket_: they go first
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

auto Opener::open(Credentials const& as, std::vector<OpenRequest> requests, Done done) -> Handle {
    auto run = std::make_unique<Run>(*this, std::move(requests), std::move(done));
    run->start(as);
    return run;
}

}  // namespace apiary::supervision

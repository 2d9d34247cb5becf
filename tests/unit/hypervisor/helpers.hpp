// What the tests of the backends share: definitions to start from, and a supervisor that a test plays.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary_folder.hpp"
#include "vm/hypervisor.hpp"
#include "vm/supervisor.hpp"

namespace apiary::test {

inline auto plain_definition(Loader loader = Loader::bios) -> Definition {
    Definition definition;
    definition.name = "web";
    definition.owner = ::geteuid();
    definition.loader = loader;
    definition.memory_bytes = 512U << 20U;
    definition.memory_text = "512M";
    return definition;
}

inline auto disk_at(std::string path, DiskType type = DiskType::virtio_blk) -> Disk {
    Disk disk;
    disk.type = type;
    disk.path.path = std::move(path);
    return disk;
}

inline auto iso_at(std::string path) -> Iso {
    Iso iso;
    iso.path.path = std::move(path);
    return iso;
}

inline auto nic_on(Nic::Attach attach, std::string bridge = {}, NicType type = NicType::virtio_net) -> Nic {
    Nic nic;
    nic.type = type;
    nic.attach = attach;
    nic.bridge = std::move(bridge);
    return nic;
}

inline auto auto_port() -> ComPort {
    return {.kind = ComPort::Kind::automatic, .device = {}, .text = "auto"};
}

inline auto some_fd() -> std::shared_ptr<UniqueFd> {
    return std::make_shared<UniqueFd>(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

inline auto contributed_fd(std::string id) -> Contribution {
    return {.kind = "fd", .id = std::move(id), .value = {}, .fd = some_fd()};
}

inline auto contributed(std::string kind, std::string id, std::string value) -> Contribution {
    return {.kind = std::move(kind), .id = std::move(id), .value = std::move(value), .fd = nullptr};
}

inline auto joined(std::vector<std::string> const& words) -> std::string {
    std::string text;
    for (auto const& word : words) {
        text += text.empty() ? "" : " ";
        text += word;
    }
    return text;
}

inline auto holds(std::string const& text, std::string_view part) -> bool {
    return text.find(part) != std::string::npos;
}

// The one process that a test starts; the test says what becomes of it.
class RecordingSupervisor : public Supervisor {
public:
    [[nodiscard]] auto spawn(SpawnRequest asked, Supervised::Sink sink) -> std::unique_ptr<Supervised> override {
        request = std::move(asked);
        sink_ = std::move(sink);
        ++spawned;
        return std::make_unique<Process>(*this);
    }
    [[nodiscard]] auto find_running(std::vector<std::string> const& /*remembered*/) -> std::vector<RunRecord> override {
        return {};
    }
    using Supervisor::reattach;
    [[nodiscard]] auto reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> override {
        reattached = std::move(what);
        sink_ = std::move(sink);
        return std::make_unique<Process>(*this);
    }

    void say(SupervisedEvent const& event) const { sink_(event); }
    void start() const { say({.kind = SupervisedEvent::Kind::started, .pid = 4711, .status = {}, .text = {}}); }
    void exit(ExitStatus status) const {
        say({.kind = SupervisedEvent::Kind::exited, .pid = 4711, .status = status, .text = {}});
    }
    void exit_with(int value) const { exit({.known = true, .signaled = false, .value = value}); }
    void exit_by_signal(int value) const { exit({.known = true, .signaled = true, .value = value}); }
    [[nodiscard]] auto fd_numbered(int number) const -> int {
        auto const found = std::find_if(request.fds.begin(), request.fds.end(),
                                        [&](ChildFd const& one) { return one.number == number; });
        return found == request.fds.end() ? -1 : found->fd->get();
    }

    SpawnRequest request;
    int spawned = 0;
    Reattachment reattached;
    std::vector<int> signals;
    int forgotten = 0;

private:
    class Process : public Supervised {
    public:
        explicit Process(RecordingSupervisor& owner) : owner_{owner} {}
        [[nodiscard]] auto pid() const -> pid_t override { return 4711; }
        void signal(int number) override { owner_.signals.push_back(number); }
        void attach_console(UniqueFd /*viewer*/, ConsoleMode /*mode*/, bool /*force*/,
                            std::function<void(ConsoleResult)> done) override {
            done(ConsoleResult::attached);
        }
        void forget() override { ++owner_.forgotten; }

    private:
        RecordingSupervisor& owner_;
    };

    Supervised::Sink sink_;
};

}  // namespace apiary::test

// The requests for consoles that wait for a shim: each is answered exactly once, whatever becomes of the guest and its
// shim meanwhile, and there are never many of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "vm/machine.hpp"

namespace apiary {

inline constexpr std::size_t max_console_calls = 256;

class ConsoleCalls {
public:
    explicit ConsoleCalls(World& world) : world_{world} {}

    void open(std::shared_ptr<Machine> const& machine, ConsoleMode mode, bool force, uid_t requester,
              Engine::ConsoleReply reply);

private:
    struct Call {
        std::weak_ptr<Machine> machine;
        std::string name;
        ConsoleMode mode;
        uid_t requester;
        Engine::ConsoleReply reply;
        std::shared_ptr<UniqueFd> client;
        Handle deadline;
    };
    auto answer_for(std::uint64_t number) -> std::function<void(ConsoleResult)>;
    void answer(std::uint64_t number, ConsoleResult result);
    void give_up(std::uint64_t number);
    void refuse(Engine::ConsoleReply reply, Refusal refusal);

    World& world_;
    std::map<std::uint64_t, Call> calls_;
    std::uint64_t last_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace apiary

// Calls of one agent's object, without waiting for any.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "bus/connection.hpp"
#include "bus/value.hpp"
#include "vm/agents.hpp"

namespace apiary::bus {

class AgentOnBus : public AgentPort {
public:
    AgentOnBus(Loop& loop, Connection& connection, std::string sender, std::string path);
    ~AgentOnBus() override;
    AgentOnBus(AgentOnBus const&) = delete;
    auto operator=(AgentOnBus const&) -> AgentOnBus& = delete;

    void call(AgentCall const& call, Answered answered) override;
    void tell(Event const& event, std::size_t missed, std::chrono::milliseconds timeout, Answered answered) override;
    void cancel(std::uint64_t attempt) override;

private:
    struct Open {
        SlotPtr slot;
        Answered answered;
        MonoTime deadline;
        std::chrono::milliseconds timeout{0};
        bool says_result = false;
    };
    struct Asked {
        AgentOnBus* self;
        std::uint64_t number;
    };
    static auto on_reply(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int;
    [[nodiscard]] auto made(char const* member) const -> MessagePtr;
    auto filled(char const* member, Dict const& told, Answered const& answered) -> MessagePtr;
    void send(MessagePtr message, std::chrono::milliseconds timeout, bool says_result, Answered answered);
    void close(std::uint64_t number, sd_bus_message* reply);
    void answer(Answered answered, AgentAnswer said);

    Loop& loop_;
    Connection& connection_;
    std::string sender_, path_;
    std::map<std::uint64_t, Open> open_;
    std::uint64_t last_number_ = 0;
    std::shared_ptr<AgentOnBus*> self_;
};

}  // namespace apiary::bus

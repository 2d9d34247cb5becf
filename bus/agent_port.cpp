// Calls of one agent's object.
#include "bus/agent_port.hpp"

#include <cstring>
#include <utility>

#include "bus/errors.hpp"
#include "bus/event_record.hpp"
#include "bus/paths.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_agent_text = 2000;

auto agent_answer_text(sd_bus_message* reply) -> std::string {
    auto const* const failure = sd_bus_message_get_error(reply);
    return clean_text(text_or_empty(failure->message) + " (" + text_or_empty(failure->name) + ")", max_agent_text);
}

// What is said by the bus, and not by the agent.
auto is_gone(std::string_view error) -> bool {
    constexpr std::string_view prefix = "org.freedesktop.DBus.Error.";
    if (!error.starts_with(prefix)) {
        return false;
    }
    error.remove_prefix(prefix.size());
    return error == "NoReply" || error == "ServiceUnknown" || error == "NameHasNoOwner" || error == "Disconnected";
}

auto read_agent_result(sd_bus_message* reply) -> AgentAnswer {
    if (char const* const signature = sd_bus_message_get_signature(reply, 1);
        signature == nullptr || std::strcmp(signature, "ss") != 0) {
        return {.kind = AgentAnswer::Kind::failed,
                .text = "its answer has the signature '" + clean_text(text_or_empty(signature), 64) +
                        "' and not 'ss' (result, reason)"};
    }
    char const* result = nullptr;
    char const* reason = nullptr;
    check(sd_bus_message_read(reply, "ss", &result, &reason), "read an agent's answer");
    AgentAnswer answer{.kind = AgentAnswer::Kind::failed, .text = clean_text(reason, max_agent_text)};
    if (std::strcmp(result, "ok") == 0) {
        answer.kind = AgentAnswer::Kind::ok;
    } else if (std::strcmp(result, "veto") == 0) {
        answer.kind = AgentAnswer::Kind::veto;
    } else if (std::strcmp(result, "failed") != 0) {
        answer.text = "it answered '" + clean_text(result, 64) + "', which is none of ok, veto, failed: " + answer.text;
    }
    return answer;
}

}  // namespace

AgentOnBus::AgentOnBus(Loop& loop, Connection& connection, std::string sender, std::string path)
    : loop_{loop},
      connection_{connection},
      sender_{std::move(sender)},
      path_{std::move(path)},
      self_{std::make_shared<AgentOnBus*>(this)} {}

AgentOnBus::~AgentOnBus() = default;

auto AgentOnBus::made(char const* member) const -> MessagePtr {
    sd_bus_message* message = nullptr;
    check(sd_bus_message_new_method_call(connection_.raw(), &message, sender_.c_str(), path_.c_str(), agent_interface,
                                         member),
          "make a call of an agent");
    return MessagePtr{message};
}

// On a later turn, and to nobody once this is gone.
void AgentOnBus::answer(Answered answered, AgentAnswer said) {
    loop_.post([weak = std::weak_ptr{self_}, answered = std::move(answered), said = std::move(said)] {
        if (!weak.expired()) {
            answered(said);
        }
    });
}

void AgentOnBus::send(MessagePtr message, std::chrono::milliseconds timeout, bool says_result, Answered answered) {
    auto const number = ++last_number_;
    auto& open = open_[number];
    open.answered = std::move(answered);
    open.timeout = timeout;
    open.deadline = loop_.now() + timeout;
    open.says_result = says_result;
    sd_bus_slot* slot = nullptr;
    auto const micros = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
    if (int const result = sd_bus_call_async(connection_.raw(), &slot, message.get(), on_reply, nullptr,
                                             static_cast<std::uint64_t>(micros));
        result < 0) {
        answer(std::move(open.answered),
               {.kind = AgentAnswer::Kind::gone,
                .text = "the bus does not take a call of it: " + std::generic_category().message(-result)});
        open_.erase(number);
        return;
    }
    open.slot.reset(slot);
    sd_bus_slot_set_userdata(slot, std::make_unique<Asked>(Asked{this, number}).release());
    sd_bus_slot_set_destroy_callback(slot, [](void* userdata) { delete static_cast<Asked*>(userdata); });
    connection_.touch();
}

auto AgentOnBus::on_reply(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);
        copy.self->close(copy.number, reply);
        return 1;
    });
}

void AgentOnBus::close(std::uint64_t number, sd_bus_message* reply) {
    auto node = open_.extract(number);
    if (node.empty()) {
        return;
    }
    auto& open = node.mapped();
    AgentAnswer said;
    if (auto const* const failure = sd_bus_message_get_error(reply)) {
        if (!is_gone(text_or_empty(failure->name))) {
            said = {.kind = AgentAnswer::Kind::failed, .text = agent_answer_text(reply)};
        } else if (loop_.now() >= open.deadline) {
            said = {.kind = AgentAnswer::Kind::late,
                    .text = "it did not answer within " + std::to_string(open.timeout.count()) + " ms"};
        } else {
            said = {.kind = AgentAnswer::Kind::gone, .text = "it went away during this call"};
        }
    } else if (open.says_result) {
        try {
            said = read_agent_result(reply);
        } catch (std::exception const&) {
            said = {.kind = AgentAnswer::Kind::failed, .text = "its answer cannot be read"};
        }
    }
    answer(std::move(open.answered), std::move(said));
}

// A message that cannot be made is an answer, too: who asks is not to be bothered with exceptions.
auto AgentOnBus::filled(char const* member, Dict const& told, Answered const& answered) -> MessagePtr {
    try {
        auto message = made(member);
        Writer writer{message.get()};
        writer.dict(told);
        return message;
    } catch (std::exception const& error) {
        answer(answered,
               {.kind = AgentAnswer::Kind::failed, .text = std::string{"it cannot be called: "} + error.what()});
        return nullptr;
    }
}

void AgentOnBus::call(AgentCall const& call, Answered answered) {
    Dict const told{{"vm", {clean_text(call.vm, 128)}},
                    {"path", {ObjectPath{vm_path(call.vm)}}},
                    {"id", {static_cast<std::uint32_t>(call.id)}},
                    {"incarnation", {call.incarnation}},
                    {"attempt", {call.attempt}},
                    {"run-folder", {clean_text(call.run_folder, 4096)}},
                    {"timeout", {static_cast<std::uint64_t>(call.timeout.count())}}};
    auto message = filled(call.what == AgentCall::What::prestart ? "Prestart" : "Poststop", told, answered);
    if (message) {
        send(std::move(message), call.timeout, true, std::move(answered));
    }
}

void AgentOnBus::tell(Event const& event, std::size_t missed, std::chrono::milliseconds timeout, Answered answered) {
    Dict told{{"seq", {event.seq}}, {"time", {to_micros(event.wall)}}, {"type", {std::string{to_string(event.type)}}}};
    if (!event.vm.empty()) {
        told.push_back({"vm", {event.vm}});
        told.push_back({"path", {ObjectPath{vm_path(event.vm)}}});
        told.push_back({"state", {std::string{to_string(event.state)}}});
        told.push_back({"sub-state", {std::string{to_string(event.sub_state)}}});
        told.push_back({"reason", {std::string{to_string(event.reason)}}});
    }
    if (missed != 0) {
        told.push_back({"missed", {static_cast<std::uint64_t>(missed)}});
    }
    told.push_back({"details", {details_of(event)}});
    if (auto message = filled("Event", told, answered)) {
        send(std::move(message), timeout, false, std::move(answered));
    }
}

void AgentOnBus::cancel(std::uint64_t attempt) {
    if (!connection_.takes_signals()) {
        return;
    }
    try {
        auto const message = made("Cancel");
        check(sd_bus_message_set_expect_reply(message.get(), 0), "make a call of an agent");
        Writer writer{message.get()};
        writer.number(attempt);
        writer.dict({});
        check(sd_bus_send(connection_.raw(), message.get(), nullptr), "call an agent");
        connection_.touch();
    } catch (std::exception const&) {
        static_cast<void>(0);  // it is not told that it may be quick
    }
}

}  // namespace apiary::bus

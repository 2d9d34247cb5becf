// Replies that the bus library is to send later, when what was asked for is done.
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "bus/adaptor.hpp"

namespace apiary::bus {

// What does the work keeps a Done, which may outlive the connection, its object and this: a reply may not, so the
// replies are kept here. For the loop's thread.
template <typename Answer, typename... Results>
class PendingReplies {
public:
    using Result = sdbus::Result<Results...>;
    using Done = std::function<void(Outcome<Answer> const&)>;
    using Send = std::function<void(Result&, Answer const&)>;

    // `sent` is called after each reply.
    PendingReplies(Send send, std::function<void()> sent)
        : state_{std::make_shared<State>(std::move(send), std::move(sent))} {}

    // Keeps the reply until Done is called. Throws limits_exceeded when too many wait already.
    [[nodiscard]] auto keep(Result&& result) -> Done {
        if (state_->waiting.size() >= most) {
            throw Fault{Error::limits_exceeded, "Too many of these at once. Wait for their replies."};
        }
        auto const number = ++state_->last;
        state_->waiting.emplace(number, std::move(result));
        return [weak = std::weak_ptr{state_}, number](Outcome<Answer> const& outcome) {
            if (auto const state = weak.lock()) {
                state->reply(number, outcome);
            }
        };
    }

private:
    static constexpr std::size_t most = 8;  // what one asks for so are matters of the whole daemon

    struct State {
        State(Send how, std::function<void()> after) : send{std::move(how)}, sent{std::move(after)} {}

        void reply(std::uint64_t number, Outcome<Answer> const& outcome) {
            auto node = waiting.extract(number);
            if (node.empty()) {
                return;
            }
            try {
                if (auto const* refusal = std::get_if<Refusal>(&outcome)) {
                    node.mapped().returnError(to_error(Fault{*refusal}));
                } else {
                    send(node.mapped(), std::get<Answer>(outcome));
                }
            } catch (std::exception const&) {
                (void)0;  // the bus is gone, and with it who asked
            }
            sent();
        }

        Send send;
        std::function<void()> sent;
        std::map<std::uint64_t, Result> waiting;
        std::uint64_t last = 0;
    };

    std::shared_ptr<State> state_;
};

}  // namespace apiary::bus

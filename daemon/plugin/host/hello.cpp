#include "plugin/host/hello.hpp"

#include <utility>

#include "plugin/host/own_descriptors.hpp"
#include "plugin/members.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin::host {

auto receive_hello(Channel& channel) -> std::variant<Hello, std::string> {
    auto frame = channel.receive();
    if (!frame) {
        return std::string{};
    }
    if (type_of(*frame) != "hello") {
        return "the daemon does not begin with hello: apiary-plugin-host is started by apiaryd alone";
    }
    if (auto const version = number_of(frame->body, "protocol"); version != protocol_version) {
        return "this apiary-plugin-host (of Apiary " APIARY_VERSION ") speaks version " +
               std::to_string(protocol_version) + " of the protocol, the daemon (of Apiary " +
               text_of(frame->body, "version") + ") version " + std::to_string(version) +
               ": install both from one package";
    }
    if (frame->descriptors.size() != 1) {
        return "the daemon gave no file to load";
    }
    UniqueFd file{move_up(frame->descriptors.front().release())};
    return Hello{.body = std::move(frame->body), .file = std::move(file)};
}

void tell_failed(Channel& channel, std::string const& why) {
    channel.send({{"t", "failed"}, {"text", shortened(why, std::size_t{16} * 1024)}});
}

}  // namespace apiary::plugin::host

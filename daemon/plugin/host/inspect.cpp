#include "plugin/host/inspect.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "plugin/host/hello.hpp"
#include "plugin/host/loading.hpp"
#include "plugin/host/own_descriptors.hpp"
#include "plugin/host/perform.hpp"
#include "plugin/host/rights.hpp"
#include "plugin/host/services.hpp"
#include "plugin/host/state.hpp"
#include "plugin/members.hpp"

namespace apiary::plugin::host {
namespace {

auto prepare(Channel& channel, apiary_self& self, std::string const& file) -> std::variant<Loaded, std::string> {
    auto hello = receive_hello(channel);
    if (auto* text = std::get_if<std::string>(&hello)) {
        return std::move(*text);
    }
    if (auto fault = give_up_everything(); !fault.empty()) {
        return fault;
    }
    return load(std::get<Hello>(hello).file.get(), file, services(self));
}

}  // namespace

auto inspect(UniqueFd descriptor, std::string const& file, bool configure) -> int {
    Channel channel{std::move(descriptor)};
    static apiary_self self{channel, false};
    for (int const number : {0, 1, 2}) {
        replace_with_nothing(number);
    }
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a write to a file is an error, and no death: no file may grow
    auto loaded = prepare(channel, self, file);
    if (auto const* fault = std::get_if<std::string>(&loaded)) {
        if (!fault->empty()) {
            tell_failed(channel, *fault);
        }
        ::_exit(fault->empty() ? 0 : 1);
    }
    auto const& plugin = std::get<Loaded>(loaded);
    if (!channel.send(to_frame(plugin.declaration))) {
        tell_failed(channel, "its declaration is larger than a frame may be");
    }
    Performer performer{self, plugin};
    while (configure) {
        auto const frame = channel.receive();
        if (!frame) {
            break;
        }
        if (type_of(*frame) == "check") {
            apiary_call call{*frame};
            performer.check(call);
        }
    }
    ::_exit(0);  // destructors of the plugin are nobody's wish
}

}  // namespace apiary::plugin::host

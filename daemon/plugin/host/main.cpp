// apiary-plugin-host: the process of one plugin. Whatever the plugin does, it does it here, and not in the daemon.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "plugin/host/inspect.hpp"
#include "plugin/host/own_descriptors.hpp"
#include "plugin/host/serve.hpp"
#include "plugin/protocol.hpp"

namespace {

auto is_channel(int descriptor) -> bool {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

auto main(int argc, char** argv) -> int {
    using namespace apiary;
    std::string_view const mode = argc == 3 ? argv[1] : "";
    if ((mode != "--serve" && mode != "--describe" && mode != "--configure") ||
        !is_channel(plugin::channel_descriptor)) {
        std::fputs(
            "apiary-plugin-host is a part of apiaryd, which starts it as: apiary-plugin-host "
            "--serve|--describe|--configure FILE.so\n",
            stderr);
        return 2;
    }
    UniqueFd channel{plugin::host::move_up(plugin::channel_descriptor)};
    if (!channel || !plugin::host::replace_with_nothing(0)) {
        std::perror("apiary-plugin-host");
        return 2;
    }
    std::string const file = argv[2];
    return mode == "--serve" ? plugin::host::serve(std::move(channel), file)
                             : plugin::host::inspect(std::move(channel), file, mode == "--configure");
}

// What every command gets.
#pragma once

#include <functional>
#include <memory>

#include "ctl/client.hpp"
#include "ctl/output.hpp"

namespace apiary::ctl {

struct Context {
    Output& output;
    std::function<std::unique_ptr<Client>()> connect;  // throws Failure where the daemon does not answer
};

}  // namespace apiary::ctl

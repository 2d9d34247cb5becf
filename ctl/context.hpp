// What every command gets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ctl/client.hpp"
#include "ctl/output.hpp"
#include "ctl/reader_program.hpp"

namespace apiary::ctl {

struct Context {
    Output& output;
    std::function<std::unique_ptr<Client>()> connect;  // throws Failure where the daemon does not answer
    // Runs apiary-config with these arguments; throws Failure where that is not possible.
    std::function<ReaderOutput(std::vector<std::string> const&)> read_configuration;
};

}  // namespace apiary::ctl

// apiary-config: reads configurations as the daemon would, for people and programs that ask what they mean. apiaryctl
// runs it, so that it needs no reader of its own, and no daemon.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "main/options.hpp"
#include "vm/definition.hpp"

namespace apiary {

struct ConfigRequest {
    enum class Kind { show, check, import };
    Kind kind = Kind::show;
    Options daemon;                      // what to read, and how, in the words of the daemon's command line
    std::optional<BackendKind> backend;  // instead of the host's usual one
    int loads = 1;                       // the last one counts
    bool secrets = false;                // passwords are shown
    bool plugins = false;                // what is wrong with plugins is told on the standard error
    std::string manager, path;           // import: whose files, and where
};

struct ParsedRequest {
    bool run = false;  // false: leave with `status` (help, version, a wrong option)
    int status = 0;
    ConfigRequest request;
};

[[nodiscard]] auto parse_request(int argc, char** argv) -> ParsedRequest;

// As the daemon reads it.
[[nodiscard]] auto read_configuration(ConfigRequest const& request) -> config::LoadResult;

// The document that is printed for it. Ends with a newline.
[[nodiscard]] auto document(config::LoadResult const& result, ConfigRequest const& request) -> std::string;

struct ImportedText {
    std::string text;
    bool whole = false;  // false: something of it could not be read at all
};

// What cannot be carried over is told on the standard error, and stands in the text.
[[nodiscard]] auto import_text(ConfigRequest const& request) -> ImportedText;

}  // namespace apiary

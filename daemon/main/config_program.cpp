// apiary-config.
#include "main/config_program.hpp"

#include <cstdio>
#include <exception>

#include "hypervisor/hypervisors.hpp"
#include "main/configuration.hpp"
#include "main/idle_backends.hpp"
#include "main/plugins_on_disk.hpp"

namespace apiary {

namespace {

auto place_of(Definition const& vm, std::string const& key) -> Origin {
    for (Setting const& setting : vm.settings) {
        if (setting.key == key && !setting.origins.empty()) {
            return *setting.origins.begin();
        }
    }
    return vm.origin;
}

// What a file says is shown also where this host's backends cannot do it.
void warn_of_faults(config::LoadResult& result, config::LoadOptions::Faults const& faults_of_vm) {
    for (auto const& vm : result.definitions) {
        for (auto const& fault : faults_of_vm(*vm)) {
            auto const place = place_of(*vm, fault.key);
            result.diagnostics.push_back({.file = place.file(),
                                          .line = place.line,
                                          .column = place.column,
                                          .severity = config::Severity::warning,
                                          .vm = vm->name,
                                          .key = fault.key,
                                          .message = fault.text + " (a daemon on this host does not take this VM)"});
        }
    }
}

}  // namespace

auto read_configuration(ConfigRequest const& request) -> config::LoadResult {
    IdleBackends const backends;
    bool const shows = request.kind == ConfigRequest::Kind::show;
    Identities identities;
    Configuration const configuration{request.daemon, identities, shows ? std::vector<Hypervisor*>{} : backends.all(),
                                      request.backend.value_or(hypervisor::default_backend())};
    PluginsOnDisk plugins{request.daemon};
    auto result = load_with_plugins(configuration, plugins, {});
    for (int more = 1; more < request.loads; ++more) {
        result = load_with_plugins(configuration, plugins, result.variables);
    }
    if (request.kind == ConfigRequest::Kind::check) {
        warn_of_missing(result, plugins.found());
    }
    if (request.plugins) {
        for (auto const& remark : plugins.remarks()) {
            std::fprintf(stderr, "%s\n", remark.c_str());
        }
    }
    if (shows) {
        warn_of_faults(result, faults_of(backends.all()));
    }
    return result;
}

namespace {

auto has_errors(config::LoadResult const& result) -> bool {
    for (auto const& diagnostic : result.diagnostics) {
        if (diagnostic.severity == config::Severity::error) {
            return true;
        }
    }
    return !result.ok;
}

auto print(std::string const& text) -> bool {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

// The exit status, where the text could be written.
auto finish(std::string const& text, bool well) -> int {
    if (!print(text)) {
        std::fprintf(stderr, "apiary-config: the output cannot be written\n");
        return 2;
    }
    return well ? 0 : 1;
}

auto run(ConfigRequest const& request) -> int {
    if (request.kind == ConfigRequest::Kind::import) {
        auto const made = import_text(request);
        return finish(made.text, made.whole);
    }
    auto const result = read_configuration(request);
    bool const well = request.kind == ConfigRequest::Kind::check ? !has_errors(result) : result.ok;
    return finish(document(result, request), well);
}

}  // namespace
}  // namespace apiary

auto main(int argc, char** argv) -> int {
    auto const parsed = apiary::parse_request(argc, argv);
    if (!parsed.run) {
        return parsed.status;
    }
    try {
        return apiary::run(parsed.request);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "apiary-config: %s\n", error.what());
        return 2;
    }
}

// apiaryctl config show, check, diff; apiaryctl import
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <ostream>
#include <system_error>

#include "ctl/commands/commands.hpp"
#include "ctl/config_json.hpp"
#include "ctl/config_text.hpp"
#include "ctl/failure.hpp"
#include "ctl/suggest.hpp"
#include "ctl/text.hpp"
#include "ctl/unique_fd.hpp"

namespace apiary::ctl {

namespace {

constexpr int well = 0, with_errors = 1;  // what apiary-config ends with when it has read what it was given

auto ask_reader(Context& context, std::string const& command, Invocation const& asked, Strings const& files)
    -> ReaderOutput {
    std::vector<std::string> arguments{command};
    if (command == "show" && asked.json) {
        arguments.emplace_back("--secrets");  // who may read the file may read them there
    }
    if (asked.session) {
        arguments.emplace_back("--session");
    } else if (asked.own_daemon) {
        arguments.emplace_back("--own-daemon");
    }
    if (!asked.backend.empty()) {
        arguments.insert(arguments.end(), {"--backend", asked.backend});
    }
    for (auto const& folder : asked.vmstated) {
        arguments.insert(arguments.end(), {"--vmstated", folder});
    }
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), files.begin(), files.end());
    auto output = context.read_configuration(arguments);
    if (output.status != well && output.status != with_errors) {
        throw Failure{ExitCode::failed, "apiary-config ended with " + std::to_string(output.status) + ".",
                      "What it says stands above."};
    }
    return output;
}

auto print_errors(std::ostream& to, Style const& style, std::vector<ConfigError> const& errors) -> std::size_t {
    std::size_t count = 0;
    for (auto const& error : errors) {
        bool const bad = error.severity == "error";
        count += bad ? 1 : 0;
        to << painted(printable(error.text), bad ? Colour::red : Colour::yellow, style) << '\n';
    }
    return count;
}

auto counted(std::uint64_t count, std::string const& thing) -> std::string {
    return std::to_string(count) + ' ' + thing + (count == 1 ? "" : "s");
}

auto same_name(std::string const& a, std::string const& b) -> bool {
    return lower(a) == lower(b);
}

[[noreturn]] void refuse_missing(Output& output, ConfigDocument const& document, std::string const& name) {
    bool const left_out = std::ranges::any_of(document.errors, [&](ConfigError const& error) {
        return error.severity == "error" && !error.vm.empty() && same_name(error.vm, name);
    });
    if (left_out) {
        print_errors(output.err, output.err_style, document.errors);
        throw Failure{ExitCode::failed, "VM '" + name + "' is left out, for what is said above."};
    }
    std::vector<std::string> known;
    known.reserve(document.vms.size());
    for (auto const& vm : document.vms) {
        known.push_back(vm.name);
    }
    auto const meant = suggestion(name, known);
    throw Failure{ExitCode::not_found, "There is no VM '" + name + "' in this configuration.",
                  meant ? "Did you mean '" + *meant + "'?" : ""};
}

// The VMs that were asked for, in the order of the file.
auto wanted(Output& output, ConfigDocument const& document, Strings const& names) -> std::vector<VmConfig> {
    if (names.empty()) {
        return document.vms;
    }
    for (auto const& name : names) {
        if (std::ranges::none_of(document.vms, [&](VmConfig const& vm) { return same_name(vm.name, name); })) {
            refuse_missing(output, document, name);
        }
    }
    std::vector<VmConfig> chosen;
    std::ranges::copy_if(document.vms, std::back_inserter(chosen), [&](VmConfig const& vm) {
        return std::ranges::any_of(names, [&](std::string const& name) { return same_name(name, vm.name); });
    });
    return chosen;
}

auto show_file(Context& context, Invocation const& asked) -> ExitCode {
    auto const answer = ask_reader(context, "show", asked, asked.files);
    auto& output = context.output;
    if (asked.json && asked.vms.empty()) {
        output.out << answer.text;
        return answer.status == well ? ExitCode::ok : ExitCode::failed;
    }
    auto const document = read_document(answer.text);
    if (!document.loaded) {
        print_errors(output.err, output.err_style, document.errors);
        throw Failure{ExitCode::failed, "The configuration is wrong as a whole: a daemon takes nothing of it."};
    }
    auto const vms = wanted(output, document, asked.vms);
    if (asked.json) {
        output.out << config_json(vms, false) << '\n';
        return ExitCode::ok;
    }
    for (auto const& vm : vms) {
        print_config(output, vm);
    }
    print_errors(output.err, output.err_style, document.errors);
    return ExitCode::ok;
}

// Of all VMs only those that the caller may ask for; the others are counted.
auto show_daemons(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    auto code = ExitCode::ok;
    std::vector<VmConfig> vms;
    std::size_t others = 0;
    auto const add = [&](std::string const& name, bool by_name) {
        try {
            vms.push_back({name, client->vm_config(find_vm(*client, name), asked.pending)});
        } catch (Failure const& failure) {
            bool const gone = failure.code() == ExitCode::not_found || failure.error_name() == "InvalidState";
            if (!by_name && (gone || failure.code() == ExitCode::not_allowed)) {
                ++others;
                return;
            }
            tell_failure(output, name, failure);
            code = code == ExitCode::ok ? failure.code() : code;
        }
    };
    if (asked.vms.empty()) {
        for (auto const& row : all_vms(*client, {}).vms) {
            add(row.name, false);
        }
    } else {
        for (auto const& name : asked.vms) {
            add(name, true);
        }
    }
    if (asked.json) {
        output.out << config_json(vms, asked.pending) << '\n';
    } else {
        for (auto const& vm : vms) {
            print_config(output, vm);
        }
    }
    if (others > 0) {
        output.err << counted(others, "VM") << " left out: you may not operate them, or nothing is known of them.\n";
    }
    return code;
}

// Nothing is overwritten: it could be the configuration that is in use.
void write_file(std::string const& path, std::string_view text) {
    constexpr mode_t mode = 0600;  // there may be passwords in it
    UniqueFd const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    int why = file ? 0 : errno;
    while (why == 0 && !text.empty()) {
        auto const count = ::write(file.get(), text.data(), text.size());
        if (count > 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            why = errno;
        }
    }
    if (why != 0) {
        throw Failure{ExitCode::failed, "'" + path + "' cannot be written: " + std::generic_category().message(why),
                      "Name a file that does not exist yet, in a folder that you may write to."};
    }
}

}  // namespace

auto config_show(Context& context, Invocation const& asked) -> ExitCode {
    return asked.files.empty() && asked.vmstated.empty() ? show_daemons(context, asked) : show_file(context, asked);
}

auto config_check(Context& context, Invocation const& asked) -> ExitCode {
    auto const answer = ask_reader(context, "check", asked, asked.files);
    auto& output = context.output;
    auto const code = answer.status == well ? ExitCode::ok : ExitCode::failed;
    if (asked.json) {
        output.out << answer.text;
        return code;
    }
    auto const document = read_document(answer.text);
    auto const errors = print_errors(output.out, output.out_style, document.errors);
    if (!asked.quiet) {
        output.err << printable((asked.files.empty() ? asked.vmstated : asked.files).front()) << ": "
                   << counted(document.vm_count, "VM") << ", " << (errors == 0 ? "no errors" : counted(errors, "error"))
                   << (document.loaded ? "" : "; a daemon takes nothing of it") << '\n';
    }
    return code;
}

auto config_diff(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    auto const result = client->reload(true);
    if (asked.json) {
        output.out << plan_json(result.plans, result.values) << '\n';
        return ExitCode::ok;
    }
    for (auto const& plan : result.plans) {
        print_plan(output, plan);
    }
    if (result.plans.empty()) {
        output.out << "a reload would change nothing\n";
    }
    for (auto const& text : strings_of(result.values, "diagnostics")) {
        output.err << painted(printable(text), Colour::yellow, output.err_style) << '\n';
    }
    if (!flag_of(result.values, "details-complete", true)) {
        output.err << "There is more than the daemon tells at once: apiaryctl reload --dry-run names all VMs.\n";
    }
    return ExitCode::ok;
}

auto import(Context& context, Invocation const& asked) -> ExitCode {
    auto const answer = context.read_configuration({"import", "--", asked.manager, asked.files.front()});
    bool const whole = answer.status == well;
    if (answer.text.empty() || (!whole && answer.status != with_errors)) {
        throw Failure{ExitCode::failed, "Nothing was converted.", "What apiary-config says stands above."};
    }
    if (asked.output.empty()) {
        context.output.out << answer.text;
    } else {
        write_file(asked.output, answer.text);
    }
    if (!whole) {
        context.output.err << "Something needs your hand: see above, and the comments in the text.\n";
    }
    return whole ? ExitCode::ok : ExitCode::failed;
}

}  // namespace apiary::ctl

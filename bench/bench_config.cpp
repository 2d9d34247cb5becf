// Reading the configuration of many VMs, beside what the machine can do at most with the same text: CPU time of this
// process for each VM, the least of several rounds. Two sizes show whether it grows linearly.
//   limit   copy the text, look at every byte, allocate each word by itself and free it
//   lex     our lexer alone
//   parse   text to tree
//   load    text to definitions (parse and resolve), as load_files() does it
// and a reload of a set that is equal, one with 1% of the VMs changed, and one where every line has moved:
//   load    as above, with the definitions of before at hand
//   diff    which VMs have changed?
//   free    of the definitions that were made
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <list>
#include <map>
#include <stdexcept>
#include <string>

#include "config/accounts.hpp"
#include "config/host.hpp"
#include "config/lexer.hpp"
#include "config/load.hpp"
#include "config/parser.hpp"
#include "config_workload.hpp"

namespace {

using namespace apiary;
using bench::Workload;

auto cpu_us() -> double {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

auto heap_bytes() -> std::size_t {
    auto const info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// Phases by name, in the order of their first round.
class Phases {
public:
    template <typename What>
    auto time(std::string const& name, What what) {
        double const start = cpu_us();
        if constexpr (std::is_void_v<decltype(what())>) {
            what();
            keep(name, cpu_us() - start);
        } else {
            auto result = what();
            keep(name, cpu_us() - start);
            return result;
        }
    }

    [[nodiscard]] auto least(std::string const& name) const -> double {
        auto const found = std::find_if(all_.begin(), all_.end(), [&](auto const& one) { return one.first == name; });
        return found != all_.end() ? found->second : 0;
    }
    [[nodiscard]] auto all() const -> std::vector<std::pair<std::string, double>> const& { return all_; }

private:
    void keep(std::string const& name, double us) {
        auto const found = std::find_if(all_.begin(), all_.end(), [&](auto const& one) { return one.first == name; });
        if (found == all_.end()) {
            all_.emplace_back(name, us);
        } else {
            found->second = std::min(found->second, us);
        }
    }

    std::vector<std::pair<std::string, double>> all_;
};

// What nobody can do without: the number of words, so that nothing is optimised away.
auto raw_limit(Workload const& workload) -> std::size_t {
    std::vector<std::string> copies;
    std::vector<void*> words;
    for (auto const& file : workload.files) {
        auto const& copy = copies.emplace_back(file.text);
        std::size_t length = 0;
        for (char const c : copy) {
            bool const blank = c == ' ' || c == '\n' || c == ';' || c == ',' || c == '(' || c == ')' || c == '=';
            if (blank && length > 0) {
                words.push_back(std::malloc(length + 1));
            }
            length = blank ? 0 : length + 1;
        }
    }
    for (void* const word : words) {
        std::free(word);
    }
    return words.size();
}

auto count_tokens(Workload const& workload) -> std::size_t {
    std::size_t count = 0;
    for (auto const& file : workload.files) {
        std::list<std::string> decoded;
        config::Lexer lexer{file.text, decoded, [](config::Position, std::string const&) {}};
        while (lexer.next().kind != config::TokenKind::end) {
            ++count;
        }
    }
    return count;
}

auto parse_all(Workload const& workload) -> std::vector<config::Tree> {
    std::vector<config::Tree> trees;
    trees.reserve(workload.files.size());
    for (auto const& file : workload.files) {
        trees.push_back(config::parse(file.text, [](config::Position, std::string const&) {}));
    }
    return trees;
}

auto load(Workload const& workload, std::vector<DefinitionPtr> const* before = nullptr) -> config::LoadResult {
    static config::SystemAccounts const accounts;
    static config::SystemHost const host;
    config::LoadOptions options;
    options.accounts = &accounts;
    options.host = &host;
    options.definitions_before = before;
    auto result = config::load_files(workload.files, options);
    if (!result.ok || !result.diagnostics.empty()) {
        throw std::runtime_error{"the workload is wrong: " +
                                 (result.diagnostics.empty() ? "" : format(result.diagnostics.front()))};
    }
    return result;
}

auto count_changed(std::map<std::string, DefinitionPtr> const& before, config::LoadResult const& now) -> std::size_t {
    return static_cast<std::size_t>(
        std::count_if(now.definitions.begin(), now.definitions.end(), [&](DefinitionPtr const& definition) {
            auto const found = before.find(name_key(definition->name));
            return found == before.end() || !same_settings(*found->second, *definition);
        }));
}

void expect(std::size_t is, std::size_t wanted, char const* what) {
    if (is != wanted) {
        throw std::runtime_error{std::string{what} + ": " + std::to_string(is) + ", not " + std::to_string(wanted)};
    }
}

// As the daemon does it: what is the same again is shared with the set of before.
void reload(Phases& phases, std::string const& name, Workload const& workload,
            std::vector<DefinitionPtr> const& applied, std::map<std::string, DefinitionPtr> const& before,
            std::size_t changes) {
    auto now = phases.time(name + "load", [&] { return load(workload, &applied); });
    expect(phases.time(name + "diff", [&] { return count_changed(before, now); }), changes, "changed");
    phases.time(name + "free", [&] { now.definitions.clear(); });
}

auto moved(Workload workload) -> Workload {
    for (auto& file : workload.files) {
        file.text.insert(0, "\n");
    }
    return workload;
}

void round(Phases& phases, Workload const& workload, Workload const& changed, std::size_t vms) {
    static_cast<void>(phases.time("limit", [&] { return raw_limit(workload); }));
    static_cast<void>(phases.time("lex", [&] { return count_tokens(workload); }));
    static_cast<void>(phases.time("parse", [&] { return parse_all(workload); }));
    auto const applied = phases.time("load", [&] { return load(workload); });
    expect(applied.definitions.size(), vms, "VMs");
    std::map<std::string, DefinitionPtr> before;
    for (auto const& definition : applied.definitions) {
        before.emplace(name_key(definition->name), definition);
    }
    reload(phases, "equal: ", workload, applied.definitions, before, 0);
    reload(phases, "1%: ", changed, applied.definitions, before, vms / 100);
    reload(phases, "moved: ", moved(workload), applied.definitions, before, 0);
}

void measure(std::size_t vms, bool one_each, int rounds) {
    auto const workload = bench::make_workload(vms, one_each, false);
    auto const changed = bench::make_workload(vms, one_each, true);
    Phases phases;
    for (int i = 0; i < rounds; ++i) {
        round(phases, workload, changed, vms);
    }
    auto const heap = heap_bytes();
    auto const kept = load(workload).definitions;
    auto const each = static_cast<double>(vms);
    std::printf("%zu VMs, %s: %zu KB of text, %.0f bytes of memory for each definition\n", vms,
                one_each ? "one file each" : "one file", workload.bytes() / 1000,
                static_cast<double>(heap_bytes() - heap) / each);
    double const limit = phases.least("limit");
    for (auto const& [name, us] : phases.all()) {
        std::printf("  %-18s %8.3f us/VM  %6.1f x limit\n", name.c_str(), us / each, us / limit);
    }
    for (std::string const name : {"equal: ", "1%: ", "moved: "}) {
        double const us = phases.least(name + "load") + phases.least(name + "diff") + phases.least(name + "free");
        std::printf("  %-18s %8.3f us/VM  %6.1f x limit\n", (name + "all of it").c_str(), us / each, us / limit);
    }
    std::printf("\n");
}

}  // namespace

auto main(int argc, char** argv) -> int {
    int const rounds = argc > 1 ? std::atoi(argv[1]) : 10;
    try {
        for (bool const one_each : {false, true}) {
            for (std::size_t const vms : {1'000U, 10'000U}) {
                measure(vms, one_each, rounds);
            }
        }
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench_config: %s\n", error.what());
        return 1;
    }
    return 0;
}

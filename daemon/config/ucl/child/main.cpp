// apiary-ucl: reads UCL for the daemon, apart from it. libucl is not made for texts of people who mean harm, so it
// meets them in this process alone, which has no rights, little memory and little time, and whose answer is checked.
//
// apiary-ucl UID GID, with a stream of texts as standard input and of answers as standard output: see stream.hpp.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "config/ucl/child/confine.hpp"
#include "config/ucl/child/judge.hpp"
#include "config/ucl/child/scan.hpp"
#include "config/ucl/stream.hpp"

namespace {

using namespace apiary::config::ucl;

// False: there is no more.
auto read_all(char* into, std::size_t size) -> bool {
    while (size > 0) {
        ssize_t const got = ::read(STDIN_FILENO, into, size);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        auto const moved = static_cast<std::size_t>(got > 0 ? got : 0);
        into += moved;
        size -= moved;
    }
    return true;
}

void write_all(std::string_view text) {
    while (!text.empty()) {
        ssize_t const put = ::write(STDOUT_FILENO, text.data(), text.size());
        if (put < 0 && errno != EINTR) {
            ::_exit(1);
        }
        text.remove_prefix(static_cast<std::size_t>(put > 0 ? put : 0));
    }
}

auto read_number() -> std::optional<std::uint32_t> {
    std::array<char, 4> bytes{};
    if (!read_all(bytes.data(), bytes.size())) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        number |= std::uint32_t{static_cast<unsigned char>(bytes.at(i))} << (8 * i);
    }
    return number;
}

auto fault_answer(Fault const& fault) -> std::string {
    std::string answer{answer_fault};
    put_number(answer, static_cast<std::uint32_t>(fault.at));
    return answer + fault.text;
}

auto answer_for(std::string const& text) -> std::string {
    Scanner scanner{text};
    auto const scanned = scanner.run();
    if (scanned && scanner.dangerous()) {
        return fault_answer(*scanned);
    }
    if (auto const fault = judge(text, scanner.nodes(), scanned)) {
        return fault_answer(*fault);
    }
    std::string answer{answer_tree};
    for (Node const& node : scanner.nodes()) {
        put_node(answer, node);
    }
    return answer;
}

auto safe_answer(std::string const& text) -> std::string {
    try {
        return answer_for(text);
    } catch (std::bad_alloc const&) {
        return fault_answer({0, "this text needs too much memory"});
    }
}

auto parse_id(char const* text) -> std::optional<unsigned> {
    std::string_view const all{text};
    unsigned id = 0;
    auto const [end, error] = std::from_chars(all.data(), all.data() + all.size(), id);
    return error == std::errc{} && end == all.data() + all.size() ? std::optional{id} : std::nullopt;
}

[[noreturn]] void refuse(std::string const& why) {
    write_all("apiary-ucl: " + why + "\n");
    ::_exit(2);
}

}  // namespace

auto main(int argc, char** argv) -> int {
    auto const uid = argc == 3 ? parse_id(argv[1]) : std::nullopt;
    auto const gid = argc == 3 ? parse_id(argv[2]) : std::nullopt;
    if (!uid || !gid) {
        refuse("this program is a part of apiaryd, which starts it as: apiary-ucl UID GID");
    }
    if (auto const fault = give_up_rights(*uid, *gid); !fault.empty()) {
        refuse(fault);
    }
    if (auto const fault = enter_sandbox(); !fault.empty()) {
        refuse(fault);
    }
    write_all(greeting);
    while (auto const size = read_number()) {
        if (*size > largest_text) {
            ::_exit(1);
        }
        std::string text(*size, '\0');
        if (!read_all(text.data(), text.size())) {
            ::_exit(1);
        }
        std::string const answer = safe_answer(text);
        std::string frame;
        put_number(frame, static_cast<std::uint32_t>(answer.size()));
        write_all(frame);
        write_all(answer);
    }
    ::_exit(0);  // nothing is to be tidied up: the sandbox would not even let a sanitizer look for leaks
}

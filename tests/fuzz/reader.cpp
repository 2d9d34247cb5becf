// Any bytes as a file of the configuration language: lexer and parser alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/parser.hpp"

namespace {

using apiary::config::Position;

// Texts of a tree point into the source or into what was decoded; reading each byte lets the sanitizers see it.
std::size_t touched = 0;
void touch(std::string_view text) {
    for (char const c : text) {
        touched += static_cast<unsigned char>(c);
    }
}

void walk(apiary::config::Value const& value) {
    for (auto const& piece : value.pieces) {
        touch(piece.text);
        for (auto const& step : piece.steps) {
            touch(step.text);
        }
    }
}

void walk(apiary::config::Statement const& statement) {
    touch(statement.name);
    for (auto const& value : statement.values) {
        walk(value);
    }
    for (auto const& target : statement.targets) {
        walk(target.name);
        for (auto const& argument : target.arguments) {
            walk(argument);
        }
    }
}

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" auto LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) -> int {
    std::string const source{reinterpret_cast<char const*>(data), size};
    unsigned errors = 0;
    auto const tree = apiary::config::parse(source, [&](Position at, std::string const& message) {
        ++errors;
        require(at.line >= 1 && at.column >= 1 && at.line <= source.size() + 1 && at.column <= source.size() + 1);
        require(!message.empty());
    });
    require(tree.failed == (errors > 0));
    require(errors <= apiary::config::most_syntax_errors);
    for (auto const& section : tree.sections) {
        touch(section.name);
        for (auto const& parameter : section.parameters) {
            touch(parameter.name);
            walk(parameter.default_value);
        }
        for (auto const& statement : section.body) {
            walk(statement);
        }
    }
    return 0;
}

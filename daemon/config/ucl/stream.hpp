// What apiary-ucl and the daemon say to each other over one socket.
//
// The daemon sends texts, each as its size and its bytes; the child answers each, in their order, with the size of the
// answer and the answer, and says one greeting before all. An answer holds no text of the file, only where in it the
// parts are: a child that was taken over by what it read can make up nothing that its owner has not written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace apiary::config::ucl {

inline constexpr std::string_view greeting = "apiary-ucl 1\n";  // said when the child has given up all its rights

inline constexpr std::size_t largest_text = std::size_t{16} * 1024 * 1024;
inline constexpr unsigned deepest_nesting = 64;  // of { and [
inline constexpr unsigned most_names = 8;        // in a row: vm NAME { has two

// An answer begins with one of these.
inline constexpr char answer_tree = 'T';   // nodes follow, to the end of the answer
inline constexpr char answer_fault = 'F';  // where it is (4 bytes), and a text

// No answer is larger for a text of this size.
[[nodiscard]] constexpr auto largest_answer(std::size_t text) -> std::size_t {
    return 8 * text + 1024;
}

enum class NodeKind : std::uint8_t { end = 0, object = 1, array = 2, scalar = 3 };

enum class Quoting : std::uint8_t {
    bare = 0,
    doubled = 1,  // "…"
    single = 2,   // '…'
    block = 3,    // <<END … END
};

// Objects and arrays hold all nodes up to their `end`. Members of an object have a key, elements of an array have none.
// An object that no brace opens is the inside of a file, or of the first names in `vm NAME {`.
struct Node {
    NodeKind kind = NodeKind::end;
    Quoting quoting = Quoting::bare;
    bool keyed = false;
    std::uint32_t key_at = 0, key_size = 0;
    std::uint32_t at = 0, size = 0;  // of a scalar: its text, inside the quotes; else where it opens

    friend auto operator==(Node const&, Node const&) -> bool = default;
};

inline constexpr unsigned keyed_bit = 1U << 4U, quoting_shift = 2;

inline void put_number(std::string& out, std::uint32_t number) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>((number >> shift) & 0xffU);
    }
}

// The first byte holds kind, quoting and whether there is a key; then key, place and size, where the kind has them.
inline void put_node(std::string& out, Node const& node) {
    auto const kind = static_cast<unsigned>(node.kind);
    auto const quoting = static_cast<unsigned>(node.quoting) << quoting_shift;
    out += static_cast<char>(kind | quoting | (node.keyed ? keyed_bit : 0U));
    if (node.kind == NodeKind::end) {
        return;
    }
    if (node.keyed) {
        put_number(out, node.key_at);
        put_number(out, node.key_size);
    }
    put_number(out, node.at);
    if (node.kind == NodeKind::scalar) {
        put_number(out, node.size);
    }
}

}  // namespace apiary::config::ucl

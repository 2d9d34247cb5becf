// The channel between the daemon and a plugin's process, on which a plugin can write whatever it likes: frames, and
// what a plugin declares. The first byte says in what pieces the rest comes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugin/contributions.hpp"
#include "plugin/declaration.hpp"
#include "plugin/members.hpp"

namespace {

using namespace apiary::plugin;

void demand(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void look_at(Frame const& frame) {
    auto const declared = declaration_from(frame.body);
    auto const faults = judge(declared, "x.so");
    OutgoingFrame const again{to_frame(declared)};
    demand(!faults.empty() || again.valid());
    demand(declaration_from(to_frame(declared)) == declared);
    for (auto const& one : triples_of(frame.body, "contributions").value_or(std::vector<Triple>{})) {
        static_cast<void>(refuse_contribution(one.first, one.second, one.third));
    }
    static_cast<void>(named_texts_of(frame.body, "details"));
}

}  // namespace

extern "C" auto LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) -> int {
    if (size == 0) {
        return 0;
    }
    std::size_t const piece = std::size_t{data[0]} + 1;
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    FrameReader whole;
    whole.take(bytes);
    std::size_t frames = 0;
    while (auto const frame = whole.next()) {
        look_at(*frame);
        ++frames;
    }
    // However it is cut, the same comes of it.
    FrameReader cut;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        cut.take(bytes.substr(at, piece));
        while (cut.next()) {
            --frames;
        }
    }
    demand(frames == 0 && whole.fault() == cut.fault());
    return 0;
}

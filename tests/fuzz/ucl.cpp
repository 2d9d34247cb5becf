// Fuzz target: UCL as the daemon has it. The first byte says what the others are: a text, which the scanner of
// apiary-ucl walks over as the child would (without libucl, which only ever refuses more), or an answer of a child that
// was taken over, to a text that is there.
//
// Whatever the scanner answers must be an answer that the daemon takes; whatever the daemon takes must be safe to use.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/ucl/child/scan.hpp"
#include "config/ucl/decode.hpp"
#include "config/ucl/native.hpp"
#include "config/vmstated/machines.hpp"

namespace {

using namespace apiary::config;

constexpr std::string_view some_text = R"ucl(template t { arguments = [a, { b = "1" }]; memory = $a }
vm "web" { apply = ["t(1, $x)", { t = 'y' }]; disk = [a, "b\u00e4 $((1 + ${ID}))"]; append { disk = x }
  consoles { main { backend = /dev/nmdm0A; enabled = yes } } vars { x = <<END
text $y
END
} }
)ucl";

void use(std::string_view text, std::string_view answer, bool must_be_good) {
    auto decoded = ucl::decode(answer, text.size());
    if (!decoded) {
        if (must_be_good) {
            std::abort();
        }
        return;
    }
    if (auto* const nodes = std::get_if<std::vector<ucl::Node>>(&*decoded)) {
        ucl::Document const document{text, std::move(*nodes)};
        (void)ucl::native_tree(document);
        (void)vmstated::machines(document, {"/folder", true});
    }
}

}  // namespace

extern "C" auto LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) -> int {
    if (size == 0) {
        return 0;
    }
    std::string const input{reinterpret_cast<char const*>(data) + 1, size - 1};
    if (data[0] == 'A') {
        use(some_text, input, false);
        return 0;
    }
    ucl::Scanner scanner{input};
    if (scanner.run()) {
        return 0;
    }
    std::string answer{ucl::answer_tree};
    for (ucl::Node const& node : scanner.nodes()) {
        ucl::put_node(answer, node);
    }
    use(input, answer, true);
    return 0;
}

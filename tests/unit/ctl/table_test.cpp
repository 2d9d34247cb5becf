// Layout of tables.
#include "ctl/table.hpp"

#include <gtest/gtest.h>

namespace apiary::ctl {
namespace {

auto sample() -> Table {
    Table table{{{.title = "NAME", .shrink = true},
                 {.title = "ID", .right = true},
                 {.title = "STATE"},
                 {.title = "OWNER", .shrink = true, .spare = true}}};
    table.add({{.text = "web"}, {.text = "7"}, {.text = "running", .colour = Colour::green}, {.text = "root"}});
    table.add(
        {{.text = "a-very-long-name-of-a-machine"}, {.text = "12"}, {.text = "failed"}, {.text = "administrator"}});
    return table;
}

auto wide(std::size_t columns) -> Style {
    return {.width = columns, .ellipsis = "…"};
}

TEST(Table, is_as_wide_as_it_needs_where_no_terminal_limits_it) {
    EXPECT_EQ(sample().text({}),
              "NAME                           ID  STATE    OWNER\n"
              "web                             7  running  root\n"
              "a-very-long-name-of-a-machine  12  failed   administrator\n");
    EXPECT_EQ(sample().text(wide(57)), sample().text({}));
}

TEST(Table, shortens_what_may_be_shortened_first) {
    EXPECT_EQ(sample().text(wide(40)),
              "NAME          ID  STATE    OWNER\n"
              "web            7  running  root\n"
              "a-very-long…  12  failed   administrator\n");
}

TEST(Table, then_leaves_out_what_can_be_spared) {
    EXPECT_EQ(sample().text(wide(30)),
              "NAME               ID  STATE\n"
              "web                 7  running\n"
              "a-very-long-name…  12  failed\n");
}

TEST(Table, is_never_wider_than_the_terminal) {
    for (std::size_t width = 1; width < 80; ++width) {
        auto const text = sample().text({.width = width, .ellipsis = "."});
        std::size_t start = 0;
        for (auto end = text.find('\n'); end != std::string::npos; start = end + 1, end = text.find('\n', start)) {
            EXPECT_LE(end - start, std::max<std::size_t>(width, 3)) << text;
        }
    }
}

TEST(Table, paints_the_text_and_not_the_blanks) {
    Table table{{{.title = "A"}, {.title = "B"}}};
    table.add({{.text = "x", .colour = Colour::red}, {.text = ""}});
    EXPECT_EQ(table.text({.colour = true}), "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[31mx\x1b[0m\n");
}

TEST(Table, lets_no_cell_break_its_lines) {
    Table table{{{.title = "A"}, {.title = "B"}}};
    table.add({{.text = "x\ny\x1b"}, {.text = "z"}});
    EXPECT_EQ(table.text({}), "A     B\nx y?  z\n");
}

}  // namespace
}  // namespace apiary::ctl

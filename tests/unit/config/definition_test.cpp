// Names, and what counts as a change of a definition.
#include "vm/definition.hpp"

#include "fixture.hpp"

namespace apiary::config {
namespace {

TEST(Names, Allowed) {
    for (std::string const& name : {"a", "A b", "x.y-z_%:@!?", "~", "0", "a.."}) {
        EXPECT_FALSE(name_fault(name)) << name;
    }
    EXPECT_FALSE(name_fault(std::string(128, 'x')));
}

TEST(Names, Refused) {
    for (std::string const& name :
         {std::string{}, std::string{"a/b"}, std::string{" a"}, std::string{"a "}, std::string{"-a"}, std::string{".a"},
          std::string{".."}, std::string{"a\nb"}, std::string{"a\tb"}, std::string{"\xC3\xB6"}, std::string{"a\x7f"},
          std::string{"a\0b", 3}, std::string(129, 'x')}) {
        EXPECT_TRUE(name_fault(name)) << name;
    }
}

TEST(Names, AreComparedWithoutCase) {
    EXPECT_EQ(name_key("Web-1[Z]"), "web-1[z]");
}

struct Change : Fixture {
    auto same(FileText const& before, FileText const& after) -> bool {
        load({before});
        Definition const first = vm();
        load({after});
        return same_settings(first, vm());
    }
    auto same(std::string const& before, std::string const& after) -> bool {
        return same(FileText{"main.conf", 0, vm_text(before)}, FileText{"main.conf", 0, vm_text(after)});
    }
};

TEST_F(Change, MovingALineIsNone) {
    EXPECT_TRUE(same("ncpu = 2; boot = yes;", "# moved\n\n boot = yes;\nncpu = 1; ncpu = 2;"));
}

TEST_F(Change, ValuesAre) {
    for (auto const& [before, after] :
         std::map<std::string, std::string>{{"ncpu = 2;", "ncpu = 3;"},
                                            {"", "boot = yes;"},
                                            {"network = b0, b1;", "network = b1, b0;"},
                                            {"owner = alice;", "owner = alice:staff;"},
                                            {"graphics_password = a;", "graphics_password = b;"},
                                            {"prestart = /bin/hook;", ""},
                                            {"", "visibility = all;"}}) {
        EXPECT_FALSE(same(before, after)) << before << " " << after;
    }
}

TEST_F(Change, RightsAre) {
    std::string const text = vm_text("disk = noexist:/d;");
    EXPECT_FALSE(same(FileText{"a", 0, text}, FileText{"a", alice, text}));
    EXPECT_TRUE(same(FileText{"a", alice, text}, FileText{"b", alice, text}));
}

TEST_F(Change, DefaultsOfTheDaemonAre) {
    load_vm("");
    Definition const before = vm();
    options.default_backend = BackendKind::qemu;
    load_vm("");
    EXPECT_FALSE(same_settings(before, vm()));
}

}  // namespace
}  // namespace apiary::config

// bmd: the file is included as it is, and what will be different is told.
#include "import_fixture.hpp"

namespace apiary::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct BmdImport : ImportFixture {
    // What is written is read from a file, so that what it includes is found.
    void import(std::string const& text) {
        import_options.load.accounts = &accounts;
        imported = import_configuration(ImportKind::bmd, write("bmd.conf", text), import_options);
        if (!imported.text.empty()) {
            result = load_paths({write("apiary.conf", imported.text)}, options);
        }
    }
};

TEST_F(BmdImport, TheFileIsIncluded) {
    import("template t { memory = 1G; }\nvm a { .apply t; loader = uefi; network = bridge0; com1 = auto; }\n");
    EXPECT_TRUE(imported.ok);
    EXPECT_THAT(imported.diagnostics, IsEmpty());
    EXPECT_THAT(imported.text, HasSubstr("\n.include \"" + folder + "/bmd.conf\";\n"));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(BmdImport, WhatWillBeDifferent) {
    import(
        "global { cmd_socket_path = /s; cmd_socket_mode = 0660; pid_file = /p; plugin_directory = /l;\n"
        "  vars_directory = /v; nmdm_offset = 300; }\n"
        "vm a { memory = 1G; loader = uefi; com1 = /dev/nmdm0B; }\n"
        "vm b { memory = 1G; loader = uefi;\n prestart = /bin/hook; }\n");
    EXPECT_TRUE(imported.ok);
    auto const said = remarks();
    for (char const* const key :
         {"cmd_socket_path: ", "cmd_socket_mode: ", "pid_file: ", "plugin_directory: ", "vars_directory: ",
          "nmdm_offset: ", "bmd.conf:3:1: warning: vm a: com1: apiaryctl console has a console where com1 is auto",
          "bmd.conf:4:1: warning: vm b: prestart: needs the plugin hookcmd"}) {
        EXPECT_THAT(said, Contains(HasSubstr(key)));
    }
    EXPECT_THAT(imported.text, HasSubstr("# ! "));
    EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(BmdImport, WhatTheReaderSaysIsHandedOn) {
    import("vm a { memory = 1G; loader = uefi; xhci_mouse = on; }\nvm b { loader = uefi; }\n");
    EXPECT_FALSE(imported.ok);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("bmd.conf:1:"), HasSubstr("bmd.conf:2:")));
    EXPECT_THAT(imported.text, HasSubstr(".include"));
    EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(BmdImport, WhatCannotBeReadIsNotIncluded) {
    import("vm a { memory = 1G; loader = uefi;");
    EXPECT_FALSE(imported.ok);
    EXPECT_EQ(imported.text, "");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("bmd.conf:1:")));
    imported = import_configuration(ImportKind::bmd, folder + "/gone", import_options);
    EXPECT_FALSE(imported.ok);
    EXPECT_EQ(imported.text, "");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("gone: error: ")));
}

TEST(ImportKinds, HaveNames) {
    for (char const* const word : {"bmd", "vmstated", "easy-bhyve", "vm-bhyve"}) {
        ASSERT_TRUE(import_kind(word)) << word;
        EXPECT_EQ(to_string(*import_kind(word)), word);
    }
    EXPECT_FALSE(import_kind("libvirt"));
}

}  // namespace
}  // namespace apiary::config

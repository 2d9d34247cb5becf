// .include in files of users: what they may read, and how much.
#include "config/include.hpp"
#include "include_fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Including, AUserIncludesHisOwnFiles) {
    add("/home/alice/vms", ".include \"more/*\";\n" + vm_named("a"), alice);
    add("/home/alice/more/1", vm_named("b"), alice);
    read(".include /home/alice/vms;");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    EXPECT_EQ(vm("b").file_owner, alice);
}

TEST_F(Including, NoUserReachesWhatHeMayNotRead) {
    add("/etc/shadow", "root:secret:\n", 0, 0640);
    add("/home/bob/vms", vm_named("bobs"), bob);
    add("/home/alice/vms", ".include /etc/shadow;\n.include /home/bob/vms;\n.include /no/such;\n" + vm_named("a"),
        alice);
    read(".include /home/alice/vms;");
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_EQ(errors().size(), 3U);
    EXPECT_THAT(said(), Not(HasSubstr("secret")));
    // nor learns whether it is there
    auto const told = [&](std::size_t i) {
        auto const& message = result.diagnostics.at(i).message;
        return message.substr(message.rfind("': "));
    };
    EXPECT_EQ(told(0), told(2));
    EXPECT_EQ(told(1), told(2));
    EXPECT_FALSE(result.trusted_errors);  // and it is her trouble alone
    EXPECT_EQ(result.diagnostics.at(0).owner, alice);
}

// What is root's is not root's order when a user includes it.
TEST_F(Including, WhatAUserIncludesIsHisWord) {
    add("/etc/passwd", "no configuration\n");
    add("/share/example", "global { pid_file = /x; }\nvm e { memory = 1G; loader = uefi; network = bridge0; }");
    add("/home/alice/vms", ".include /etc/passwd;\n.include /share/example;", alice);
    read(vm_named("m") + ".include /home/alice/vms;");
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("m", "e"));
    EXPECT_EQ(vm("e").owner, alice);
    EXPECT_THAT(vm("e").nics, IsEmpty());
    EXPECT_EQ(result.globals.pid_file, "");
    EXPECT_FALSE(result.trusted_errors);
}

TEST_F(Including, AUserCannotTakeAFileFromRootByIncludingItFirst) {
    add("/e/deep", ".include roots;");
    add("/e/roots", "vm r { memory = 1G; loader = uefi; network = bridge0; }");
    add("/home/alice/vms", ".include /e/roots;", alice);
    read(".include /home/alice/vms;\n.include deep;");
    EXPECT_THAT(names(), ElementsAre("r"));
    EXPECT_EQ(vm("r").nics.size(), 1U);
    EXPECT_FALSE(result.trusted_errors);
}

TEST_F(Including, AUsersGlobalsServeHisIncludesAlone) {
    add("/home/alice/vms", "global { $d = more; }\n.include \"$d/1\";", alice);
    add("/home/alice/more/1", "vm a { memory = 1G; loader = uefi; loadcmd = $d; }", alice);
    read(".include /home/alice/vms;");
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("a global section is not allowed"), HasSubstr("undefined variable")));
}

// -- bounds ----------------------------------------------------------------------------------------------------------

TEST_F(Including, TenThousandFiles) {
    std::string main;
    for (int i = 0; i < 10'000; ++i) {
        auto const name = "f" + std::to_string(i);
        main += ".include d/" + name + ";\n";
        add("/e/d/" + name, vm_named(name));
    }
    read(main);
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(result.definitions.size(), 10'000U);
    EXPECT_EQ(files.opened, 10'001U);
}

TEST_F(Including, AUserHasAnAllowance) {
    for (std::size_t i = 0; i < allowance_of_user.files + 50; ++i) {
        add("/home/alice/d/" + std::to_string(i), vm_named("a" + std::to_string(i)), alice);
    }
    add("/home/bob/vms", vm_named("b"), bob);
    read(".include \"/home/alice/d/*\";\n.include /home/bob/vms;\n" + vm_named("m"));
    EXPECT_EQ(result.definitions.size(), allowance_of_user.files + 2);
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("main.conf:1:1"), HasSubstr("too many included files"))));
    EXPECT_FALSE(result.trusted_errors);
}

TEST_F(Including, AUserCannotSearchTheWholeHost) {
    for (int i = 0; i < 300; ++i) {
        add("/big/" + std::to_string(i) + "/x", "");
    }
    add("/home/alice/vms", ".include \"/big/*/../*/../*/../*/none\";\n.include \"/big/*/none\";", alice);
    read(".include /home/alice/vms;");
    EXPECT_LT(files.listed, allowance_of_user.entries);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("too many included files")));
}

TEST_F(Including, ACircleEnds) {
    add("/e/a", ".include main.conf;\n.include b;");
    add("/e/b", ".include a;");
    read(".include a;" + vm_named("m"));
    EXPECT_THAT(names(), ElementsAre("m"));
    EXPECT_EQ(errors().size(), 2U);
}

}  // namespace
}  // namespace apiary::config

// Apiary's configuration in UCL means what it means in bmd's language.
#include "unit/config/ucl_fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct UclNative : UclFixture {
    void SetUp() override {
        UclFixture::SetUp();
        options.ucl = &reader;
    }
    void load_ucl(std::string const& text, uid_t owner = 0) {
        load({{"main.ucl", owner, text}});
        for (auto const& diagnostic : result.diagnostics) {
            messages.push_back(format(diagnostic));
        }
    }
    auto all_messages() const -> std::string {
        std::string all;
        for (auto const& message : messages) {
            all += message + "\n";
        }
        return all;
    }

    ucl::Reader reader{reader_options};
    std::vector<std::string> messages;
};

TEST_F(UclNative, SameAsBmdsLanguage) {
    load(R"(
        global { $images = "/"; nmdm_offset = 300; max_starting = 3; }
        template base(size, cpus = 2) { memory = ${size}; ncpu = $cpus; loader = uefi; disk = /img; }
        template screen { graphics = yes; graphics_res = 1280x720; graphics_port = $((5900 + ${ID})); }
        vm web { .apply base(2G, 4), screen; disk += ${images}img; owner = alice; com1 = auto; $x = "a b"; description = $x;
                 after = "data base", cache; }
        vm cache { .apply base(512M); }
        vm "data base" { .apply base(512M); boot = yes; }
    )");
    auto const wanted = result;
    ASSERT_TRUE(wanted.ok);
    load_ucl(R"ucl(
        global { vars { images = "/" }; nmdm_offset = 300; max_starting = 3 }
        template base {
            arguments = [size, { cpus = 2 }]
            memory = "${size}"; ncpu = $cpus; loader = uefi; disk = /img
        }
        template screen { graphics = yes; graphics_res = 1280x720; graphics_port = $((5900 + ${ID})); }
        vm web {
            apply = ["base(2G, 4)", screen]
            append { disk = "${images}img" }
            owner = alice
            com1 = auto
            vars { x = "a b" }
            description = $x
            after = ["data base", cache]
        }
        vm cache { apply { base = 512M } }
        vm "data base" { apply { base = 512M }; boot = yes; }
    )ucl");
    ASSERT_TRUE(result.ok) << all_messages();
    EXPECT_EQ(all_messages(), "");
    ASSERT_EQ(result.definitions.size(), wanted.definitions.size());
    for (std::size_t i = 0; i < wanted.definitions.size(); ++i) {
        EXPECT_TRUE(same_settings(*result.definitions[i], *wanted.definitions[i])) << wanted.definitions[i]->name;
    }
    EXPECT_EQ(result.globals, wanted.globals);
    EXPECT_EQ(result.globals.max_starting, 3U);
    EXPECT_EQ(vm("web").after, (std::vector<std::string>{"data base", "cache"}));
    EXPECT_EQ(vm("web").graphics.width, 1280U);
    EXPECT_EQ(vm("web").disks.size(), 2U);
}

TEST_F(UclNative, OneSectionOrMany) {
    load_ucl(
        "vm { a { memory = 1G; loader = uefi } b { memory = 2G; loader = uefi } }\nvm c { memory = 3G; loader = uefi "
        "}\n");
    ASSERT_EQ(result.definitions.size(), 3U) << all_messages();
    EXPECT_EQ(result.definitions[2]->name, "c");
    EXPECT_EQ(vm("b").origin.line, 1U);
    EXPECT_EQ(vm("c").origin.line, 2U);
}

// libucl makes a list of a key that stands there again; so it is.
TEST_F(UclNative, RepeatedKeys) {
    load_ucl("vm v { memory = 1G; loader = uefi; disk = /img; disk = /dev/sda\n memory = 2G }");
    EXPECT_EQ(vm().disks.size(), 2U);
    EXPECT_EQ(vm().memory_text, "1G");
    EXPECT_THAT(all_messages(),
                HasSubstr("main.ucl:2:2: error: vm v: memory: this key takes one value, and it is set more than once"));
}

TEST_F(UclNative, StatementsInTheirOrder) {
    load_ucl(R"(
        template t { ncpu = 4 }
        vm a { memory = 1G; loader = uefi; ncpu = 2; apply = t }
        vm b { memory = 1G; loader = uefi; apply = t; ncpu = 2 }
        vm c { memory = 1G; loader = uefi; vars { n = 3 }; ncpu = $n; vars { n = 5 } }
    )");
    EXPECT_EQ(vm("a").cpus.count(), 4U) << all_messages();
    EXPECT_EQ(vm("b").cpus.count(), 2U);
    EXPECT_EQ(vm("c").cpus.count(), 3U);
}

TEST_F(UclNative, QuotesAndVariables) {
    load_ucl(R"(
        vm v {
            memory = 1G; loader = uefi
            description = '$NAME is "me"'
            os = "\"$NAME\" costs \$5 \u00e4"
            osversion = <<END
two lines, C:\path
and $NAME
END
        }
    )");
    EXPECT_EQ(vm().description, "$NAME is \"me\"") << all_messages();
    EXPECT_EQ(vm().os, "\"v\" costs $5 \xC3\xA4");
    EXPECT_EQ(vm().osversion, "two lines, C:\\path\nand v");
}

TEST_F(UclNative, ErrorsOfTheResolverHaveTheirPlace) {
    load_ucl(
        "vm v {\n  memory = 1G; loader = uefi\n  memroy = 2G\n  os = \"a ${nothing}\"\n  ncpu = [1, 2]\n  apply = "
        "[nix]\n}\n");
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:3:3: error: vm v: unknown key 'memroy'; did you mean 'memory'?"));
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:4:11: "));
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:5:3: error: vm v: ncpu: this key takes one value"));
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:6:12: error: vm v: unknown template 'nix'"));
}

TEST_F(UclNative, WhatIsNoSection) {
    load_ucl("web { memory = 1G }");
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:1:1: error: unknown section 'web'"));
}

TEST_F(UclNative, NestedSectionsAndEmptyLists) {
    load_ucl("vm v { memory = 1G; disk { a = 1 } ; iso = [] }");
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(all_messages(), HasSubstr("main.ucl:1:21: error: a value, or a list of values, is needed here"));
    EXPECT_THAT(all_messages(), HasSubstr("an empty list, or a section, cannot be the value of a key"));
}

TEST_F(UclNative, AUsersFileIsHisWord) {
    load_ucl(
        "vm v { memory = 1G; loader = uefi; disk = /home/alice/disk; bhyve_env = [A=b]; configfile = /etc/shadow }\n"
        "global { nmdm_offset = 1 }",
        alice);
    EXPECT_FALSE(vm().disks.front().path.trusted);
    EXPECT_EQ(vm().disks.front().path.opened_as, alice);
    EXPECT_THAT(all_messages(), HasSubstr("bhyve_env: access denied"));
    EXPECT_THAT(all_messages(), HasSubstr("configfile: access denied"));
    EXPECT_THAT(all_messages(), HasSubstr("a global section is not allowed"));
    EXPECT_EQ(result.globals.nmdm_offset, 200U);
}

TEST_F(UclNative, AWrongFileOfAUserIsHisTroubleAlone) {
    load(std::vector<FileText>{{"main.ucl", 0, "vm v { memory = 1G; loader = uefi }"}, {"bad.ucl", alice, "vm w { "}});
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(result.definitions.size(), 1U);
    EXPECT_THAT(result.dropped_files, ElementsAre("bad.ucl"));
}

TEST_F(UclNative, Includes) {
    auto const answer = read({"vm v { memory = 1G }\ninclude = [\"conf.d/*.ucl\", more.conf]\ninclude = \"$dir/x\"\n"});
    auto const& includes = answer.front().tree.includes;
    ASSERT_EQ(includes.size(), 3U);
    EXPECT_EQ(includes[0].sections_before, 1U);
    EXPECT_EQ(includes[1].path.pieces.front().text, "more.conf");
    EXPECT_EQ(includes[2].at.line, 3U);
    EXPECT_EQ(includes[2].path.pieces.size(), 2U);
}

}  // namespace
}  // namespace apiary::config

// A reload shares what is the same again with the set of before, and nothing else.
#include <algorithm>

#include "fixture.hpp"

namespace apiary::config {
namespace {

constexpr auto three =
    "template t(size) { memory = $size; loader = uefi; }\n"
    "vm a { .apply t(1G); }\n"
    "vm b { .apply t(2G); disk = noexist:/b, noexist:/c; }\n"
    "vm c { .apply t(3G); prestart = /bin/hook; }\n";

struct Reuse : Fixture {
    std::vector<DefinitionPtr> before;

    void load_again(std::string const& first, std::string const& second) {
        load(first);
        ASSERT_TRUE(result.ok);
        before = result.definitions;
        options.definitions_before = &before;
        load(second);
        ASSERT_TRUE(result.ok);
    }

    auto shared(std::string const& name) -> bool {
        return std::any_of(before.begin(), before.end(), [&](auto const& old) { return old.get() == &vm(name); });
    }

    static auto replaced(std::string text, std::string const& what, std::string const& with) -> std::string {
        return text.replace(text.find(what), what.size(), with);
    }
};

TEST_F(Reuse, WhatIsTheSameIsShared) {
    load_again(three, three);
    EXPECT_EQ(result.definitions, before);
}

TEST_F(Reuse, AlsoInAnotherOrder) {
    load("vm a { memory = 1G; loader = uefi; } vm b { memory = 1G; loader = uefi; }");
    before = {result.definitions[1], result.definitions[0]};
    options.definitions_before = &before;
    load("vm a { memory = 1G; loader = uefi; } vm b { memory = 1G; loader = uefi; }");
    EXPECT_TRUE(shared("a"));
    EXPECT_TRUE(shared("b"));
}

TEST_F(Reuse, AValueThatChangedIsNew) {
    load_again(three, replaced(three, "2G", "4G"));
    EXPECT_TRUE(shared("a"));
    EXPECT_FALSE(shared("b"));
    EXPECT_EQ(vm("b").memory_text, "4G");
    EXPECT_TRUE(shared("c"));
}

TEST_F(Reuse, OneOfAListThatChangedIsNew) {
    load_again(three, replaced(three, "/c;", "/d;"));
    EXPECT_FALSE(shared("b"));
}

TEST_F(Reuse, WhereItStandsIsPartOfIt) {
    load_again(three, replaced(three, "vm b", "\nvm b"));
    EXPECT_TRUE(shared("a"));
    EXPECT_FALSE(shared("b"));
    EXPECT_EQ(vm("b").origin.line, 4U);
    EXPECT_FALSE(shared("c"));
}

TEST_F(Reuse, WhatATemplateSaysIsPartOfIt) {
    load_again(three, replaced(three, "uefi", "csm"));
    EXPECT_FALSE(shared("a"));
    EXPECT_EQ(vm("a").loader, Loader::csm);
}

TEST_F(Reuse, WhoseWordItIsIsPartOfIt) {
    std::string const text = "vm a { memory = 1G; loader = uefi; disk = noexist:/a; }";
    load(std::vector<FileText>{{"main.conf", 0, text}});
    before = result.definitions;
    options.definitions_before = &before;
    load(std::vector<FileText>{{"main.conf", alice, text}});
    EXPECT_FALSE(shared("a"));
    EXPECT_FALSE(vm("a").disks.at(0).path.trusted);
}

TEST_F(Reuse, TheBackendIsAskedAgain) {
    load(three);
    before = result.definitions;
    options.definitions_before = &before;
    options.backend_faults = [](Definition const& definition) {
        return definition.name == "b" ? std::vector<Hypervisor::Fault>{{"memory", "too much"}}
                                      : std::vector<Hypervisor::Fault>{};
    };
    load(three);
    EXPECT_EQ(result.definitions.size(), 2U);
    EXPECT_EQ(result.dropped_vms, std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace apiary::config

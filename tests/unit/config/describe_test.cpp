// What is told of a definition: every key, its value in neutral form, the text of it, and where it was written.
#include "config/describe.hpp"

#include <algorithm>

#include "config/describe_values.hpp"
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Describe : Fixture {
    std::vector<DescribedKey> keys;

    void of(std::string const& body, DescribeOptions const& how = {}) {
        load_vm(body);
        keys = describe(vm(), how);
    }
    [[nodiscard]] auto key(std::string_view name) const -> DescribedKey const& {
        auto const found =
            std::find_if(keys.begin(), keys.end(), [&](DescribedKey const& one) { return one.key == name; });
        if (found == keys.end()) {
            ADD_FAILURE() << "no key " << name;
            static DescribedKey const none;
            return none;
        }
        return *found;
    }
};

auto list(std::vector<std::string> const& texts) -> Neutral {
    NeutralList made;
    for (auto const& text : texts) {
        made.emplace_back(text);
    }
    return Neutral{std::move(made)};
}

TEST_F(Describe, EveryKeyOfTheTableIsThereInItsOrder) {
    of("");
    std::vector<std::string> told, wanted;
    for (auto const& one : keys) {
        if (one.key != "group") {  // the one that is no key
            told.push_back(one.key);
        }
    }
    for (auto const& spec : core_keys()) {
        if (spec.plugin.empty() && spec.name != "cpus") {  // another word for ncpu, shown where it was written
            EXPECT_NE(find_view(spec.name), nullptr) << spec.name;
            wanted.push_back(spec.name);
        }
    }
    EXPECT_EQ(told, wanted);
}

// A default that is shown is the default that the key table promises, and a configuration could say it.
TEST_F(Describe, DefaultsAreThoseOfTheKeyTable) {
    of("");
    for (auto const& spec : core_keys()) {
        bool const plain = spec.fallback.find_first_of(" %'") == std::string::npos && !spec.fallback.empty();
        if (plain) {
            EXPECT_THAT(key(spec.name).texts, ElementsAre(spec.fallback)) << spec.name;
            EXPECT_THAT(key(spec.name).origins, IsEmpty()) << spec.name;
        }
    }
    EXPECT_EQ(key("kernel").value, Neutral{});
    EXPECT_THAT(key("kernel").texts, IsEmpty());
    EXPECT_EQ(key("virt_console_template").value, Neutral{"virt_console%n=/var/run/vc-v%n.sock"});
}

struct Row {
    char const *body, *key;
    Neutral value;
    std::vector<std::string> texts;
};

TEST_F(Describe, Values) {
    auto const record = [](NeutralRecord fields) { return Neutral{std::move(fields)}; };
    auto const one = [](Neutral value) { return Neutral{NeutralList{std::move(value)}}; };
    std::vector<Row> const rows{
        {"memory = 2G;", "memory", Neutral{"2G"}, {"2G"}},
        {"ncpu = 2:3:4;", "ncpu", Neutral{std::int64_t{24}}, {"2:3:4"}},
        {"ncpu = 2:3;", "cores", Neutral{std::int64_t{3}}, {"3"}},
        {"ncpu = 6;", "ncpu", Neutral{std::int64_t{6}}, {"6"}},
        {"ncpu = 4; cpu_pin = 0:2, 3:1;", "cpu_pin", list({"0:2", "3:1"}), {"0:2", "3:1"}},
        {"boot = ALWAYS;", "boot", Neutral{"always"}, {"always"}},
        {"utctime = no;", "utctime", Neutral{false}, {"no"}},
        {"boot_delay = 7;", "boot_delay", Neutral{std::int64_t{7}}, {"7"}},
        {"", "after", list({}), {}},
        {"hostbridge = intel;", "hostbridge", Neutral{"standard"}, {"standard"}},
        {"hostbridge = AMD;", "hostbridge", Neutral{"amd"}, {"amd"}},
        {"owner = alice:staff;", "owner", Neutral{"alice"}, {"alice:staff"}},
        {"owner = alice:staff;", "group", Neutral{"staff"}, {"staff"}},
        {"", "group", Neutral{}, {}},
        {"disk = nvme:nodelete:noexist:nocache:/d;",
         "disk",
         one(record({{"type", Neutral{"nvme"}},
                     {"flags", list({"nocache", "nodelete", "noexist"})},
                     {"path", Neutral{"/d"}}})),
         {"nvme:nocache:nodelete:noexist:/d"}},
        {"disk = ahci:/img;",
         "disk",
         one(record({{"type", Neutral{"ahci-hd"}}, {"flags", list({})}, {"path", Neutral{"/img"}}})),
         {"ahci:/img"}},
        {"iso = noexist:/i;",
         "iso",
         one(record({{"type", Neutral{"ahci-cd"}}, {"flags", list({"noexist"})}, {"path", Neutral{"/i"}}})),
         {"noexist:/i"}},
        {"network = e1000:wol:[2:0:0:0:0:a]:bridge0;",
         "network",
         one(record({{"type", Neutral{"e1000"}},
                     {"mac", Neutral{"02:00:00:00:00:0a"}},
                     {"wol", Neutral{true}},
                     {"bridge", Neutral{"bridge0"}},
                     {"vale", Neutral{false}}})),
         {"e1000:wol:[02:00:00:00:00:0a]:bridge0"}},
        {"network = vale1;",
         "network",
         one(record({{"type", Neutral{"virtio-net"}},
                     {"mac", Neutral{}},
                     {"wol", Neutral{false}},
                     {"bridge", Neutral{"vale1"}},
                     {"vale", Neutral{true}}})),
         {"vale1"}},
        {"sharefs = \"readonly:n=/s\";",
         "sharefs",
         one(record({{"name", Neutral{"n"}}, {"path", Neutral{"/s"}}, {"readonly", Neutral{true}}})),
         {"readonly:n=/s"}},
        {"hda = /dev/dsp;", "hda", one(record({{"play", Neutral{"/dev/dsp"}}, {"record", Neutral{}}})), {"/dev/dsp"}},
        {"tpm = /dev/tpm0:2.0;",
         "tpm",
         record({{"type", Neutral{"passthru"}}, {"dev", Neutral{"/dev/tpm0"}}, {"version", Neutral{"2.0"}}}),
         {"passthru:/dev/tpm0:2.0"}},
        {"comport = auto;", "com1", Neutral{"auto"}, {"auto"}},
        {"graphics_port = 5901;", "graphics", Neutral{true}, {"yes"}},  // implied
        {"graphics_res = 1280x720;", "graphics_res", Neutral{"1280x720"}, {"1280x720"}},
        {"passthru = 1/2/3;", "wired_memory", Neutral{true}, {"yes"}},
        {"err_logfile = \"\\xff\";", "err_logfile", Neutral{"\xff"}, {"\xff"}},
        {"prestart = /bin/hook;", "prestart", Neutral{"/bin/hook"}, {"/bin/hook"}},
    };
    for (Row const& row : rows) {
        of(row.body);
        EXPECT_EQ(key(row.key).value, row.value) << row.body;
        EXPECT_EQ(key(row.key).texts, row.texts) << row.body;
    }
}

// What is told as text can be written into a configuration, and says the same there.
TEST_F(Describe, TextsSayTheSameWhenTheyAreRead) {
    of("ncpu = 2:2; disk = nvme:readonly:/img, ahci:nocache:/dev/sda; iso = /iso; network = wol:bridge0, user;\n"
       "graphics_res = 800x600; com1 = auto; cpu_pin = 1:2; hostbridge = amd; sharefs = \"n=/s\"; tpm = /dev/t;\n"
       "owner = alice:staff; boot = oneshot; wired_memory = true; bhyve_env = \"A=B\";");
    auto const first = keys;
    std::string text = "vm v {\n";
    for (auto const& one : first) {
        for (std::size_t i = 0; !one.derived && i < one.texts.size(); ++i) {
            text += one.key + (i == 0 ? " = \"" : " += \"") + one.texts[i] + "\";\n";
        }
    }
    load(text + "}\n");
    EXPECT_THAT(errors(), IsEmpty());
    auto const second = describe(vm(), {});
    ASSERT_EQ(second.size(), first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        EXPECT_EQ(second[i].value, first[i].value) << first[i].key;
    }
}

TEST_F(Describe, OriginsNameFileLineColumnAndTemplate) {
    load({{"main.conf", 0, "template base {\n  disk = /img;\n}\n"},
          {"web.conf", 0, "vm v { memory = 1G; loader = uefi;\n  .apply base;\n  disk += noexist:/b;\n}\n"}});
    keys = describe(vm(), {});
    EXPECT_THAT(key("disk").origins, ElementsAre(Origin{"main.conf", 2, 10, "base"}, Origin{"web.conf", 3, 11, ""}));
    EXPECT_THAT(key("memory").origins, ElementsAre(Origin{"web.conf", 1, 17, ""}));
    EXPECT_THAT(key("ncpu").origins, IsEmpty());
}

TEST_F(Describe, TheNumberIsThereWhereItIsKnown) {
    of("", {.id = 7});
    EXPECT_EQ(key("id").value, Neutral{std::int64_t{7}});
    EXPECT_TRUE(key("id").derived);
    of("");
    EXPECT_TRUE(std::none_of(keys.begin(), keys.end(), [](auto const& one) { return one.key == "id"; }));
}

TEST_F(Describe, SecretsAreKept) {
    of("graphics_password = hunter2;");
    EXPECT_TRUE(key("graphics_password").secret);
    EXPECT_EQ(key("graphics_password").value, Neutral{});
    EXPECT_THAT(key("graphics_password").texts, IsEmpty());
    EXPECT_EQ(key("graphics_password").origins.size(), 1U);
    for (auto const& one : keys) {
        EXPECT_EQ(std::count(one.texts.begin(), one.texts.end(), "hunter2"), 0) << one.key;
    }
    of("graphics_password = hunter2;", {.id = {}, .secrets = true});
    EXPECT_EQ(key("graphics_password").value, Neutral{"hunter2"});
    of("");
    EXPECT_FALSE(key("graphics_password").secret);
}

TEST_F(Describe, Globals) {
    load("global { pid_file = /run/x.pid; nmdm_offset = 300; }");
    auto const told = describe(result.globals);
    auto const value = [&](std::string_view name) {
        auto const found =
            std::find_if(told.begin(), told.end(), [&](DescribedKey const& one) { return one.key == name; });
        return found != told.end() ? found->value : Neutral{"(no such key)"};
    };
    EXPECT_EQ(value("pid_file"), Neutral{"/run/x.pid"});
    EXPECT_EQ(value("nmdm_offset"), Neutral{std::int64_t{300}});
    EXPECT_EQ(value("vars_directory"), Neutral{});
}

}  // namespace
}  // namespace apiary::config

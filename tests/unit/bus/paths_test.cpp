// Object paths.
#include "bus/paths.hpp"

#include <gtest/gtest.h>

#include <string>

namespace apiary::bus {
namespace {

TEST(Paths, ofVmsAreThereAndBack) {
    for (std::string const name : {"web", "Web-01", "a b", "0", "_", "db.example.org", "x~!@#$%^&*()"}) {
        auto const path = vm_path(name);
        EXPECT_TRUE(path.starts_with("/org/apiary/Apiary1/vm/")) << path;
        EXPECT_EQ(vm_name_of(path), name);
    }
    EXPECT_EQ(vm_path("open one"), "/org/apiary/Apiary1/vm/open_20one");
    std::string const longest(128, '-');
    EXPECT_EQ(vm_name_of(vm_path(longest)), longest);
}

TEST(Paths, ofVmsAreDecodedStrictly) {
    for (std::string const path :
         {"", "/", "/org/apiary/Apiary1", "/org/apiary/Apiary1/vm", "/org/apiary/Apiary1/vm/",
          "/org/apiary/Apiary1/vm/a/b", "/org/apiary/Apiary1/vmx", "/org/apiary/Apiary1/vm/_61",
          "/org/apiary/Apiary1/vm/a_2D", "/org/apiary/Apiary1/vm/a_2", "/org/apiary/Apiary1/vm/_",
          "/org/apiary/Apiary1/vm/a_00", "/org/apiary/Apiary1/job/a"}) {
        EXPECT_EQ(vm_name_of(path), std::nullopt) << path;
    }
}

TEST(Paths, ofPluginsAreThereAndBack) {
    EXPECT_EQ(plugin_path("a-b"), "/org/apiary/Apiary1/plugin/a_2db");
    for (std::string const name : {"hookcmd", "a-b", "x9"}) {
        EXPECT_EQ(plugin_name_of(plugin_path(name)), name);
        EXPECT_EQ(vm_name_of(plugin_path(name)), std::nullopt);
    }
    for (std::string const path :
         {"/org/apiary/Apiary1/plugin", "/org/apiary/Apiary1/plugin/", "/org/apiary/Apiary1/vm/a",
          "/org/apiary/Apiary1/plugin/a_2Db", "/org/apiary/Apiary1/plugin/a/b"}) {
        EXPECT_EQ(plugin_name_of(path), std::nullopt) << path;
    }
}

TEST(Paths, ofJobsAreThereAndBack) {
    EXPECT_EQ(job_path(42), "/org/apiary/Apiary1/job/42");
    for (std::uint64_t const id : {std::uint64_t{1}, std::uint64_t{42}, UINT64_MAX}) {
        EXPECT_EQ(job_id_of(job_path(id)), id);
    }
}

TEST(Paths, ofJobsAreDecodedStrictly) {
    for (std::string const path :
         {"/org/apiary/Apiary1/job", "/org/apiary/Apiary1/job/", "/org/apiary/Apiary1/job/0",
          "/org/apiary/Apiary1/job/04", "/org/apiary/Apiary1/job/4x", "/org/apiary/Apiary1/job/-4",
          "/org/apiary/Apiary1/job/+4", "/org/apiary/Apiary1/job/18446744073709551616", "/org/apiary/Apiary1/job/4/5",
          "/org/apiary/Apiary1/vm/4"}) {
        EXPECT_EQ(job_id_of(path), std::nullopt) << path;
    }
}

}  // namespace
}  // namespace apiary::bus

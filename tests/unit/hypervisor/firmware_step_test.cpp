#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "hypervisor/device_model.hpp"
#include "hypervisor/hypervisors.hpp"
#include "support/fake_loop.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

class FirmwareTest : public testing::Test {
protected:
    FirmwareTest() {
        options.ovmf_vars = folder.path() + "/template";
        options.vars_dir = folder.path();
        definition.name = "Web";
        put("template", "fresh");
    }
    void put(std::string const& name, std::string const& text) const {
        std::ofstream{folder.path() + "/" + name} << text;
    }
    auto text_of(std::string const& name) const -> std::string {
        std::ostringstream text;
        text << std::ifstream{folder.path() + "/" + name}.rdbuf();
        return text.str();
    }
    auto prestart(void (Step::*call)(StepCall, Step::Done) = &Step::prestart) -> StepResult {
        auto const steps = make_steps(loop, options);
        StepResult found;
        int answers = 0;
        ((*steps.at(0)).*call)(
            {.definition = std::make_shared<Definition>(definition), .run_dir = {}, .contributions = {}},
            [&](StepResult result) {
                found = std::move(result);
                ++answers;
            });
        EXPECT_EQ(answers, 0);
        loop.run_ready();
        EXPECT_EQ(answers, 1);
        return found;
    }

    test::FakeLoop loop;
    test::TemporaryFolder folder;
    Options options;
    Definition definition = test::plain_definition(Loader::uefi);
};

TEST_F(FirmwareTest, OnlyUefiHasVariables) {
    auto const steps = make_steps(loop, options);
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0]->name(), "firmware");
    EXPECT_TRUE(steps[0]->applies_to(definition));
    EXPECT_FALSE(steps[0]->applies_to(test::plain_definition(Loader::bios)));
}

TEST_F(FirmwareTest, TheFirstStartMakesACopy) {
    auto const result = prestart();
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    Contributed const contributed{result.contributions};
    auto const file = contributed.file("vars", "");
    EXPECT_EQ(file.path, folder.path() + "/web.vars");
    ASSERT_TRUE(file.fd);
    EXPECT_EQ(text_of("web.vars"), "fresh");
    struct stat info {};
    ASSERT_EQ(::fstat(file.fd->get(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(::write(file.fd->get(), "x", 1), 1);  // as QEMU will
}

TEST_F(FirmwareTest, RenewedWithWhatTheGuestHasWritten) {
    definition.install = true;
    put("web.vars", "kept");
    auto const result = prestart(&Step::renew);
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    EXPECT_TRUE(Contributed{result.contributions}.file("vars", "").fd);
    EXPECT_EQ(text_of("web.vars"), "kept");
}

TEST_F(FirmwareTest, LaterStartsKeepIt) {
    put("web.vars", "kept");
    EXPECT_EQ(prestart().kind, StepResult::Kind::ok);
    EXPECT_EQ(text_of("web.vars"), "kept");
    definition.install = true;
    EXPECT_EQ(prestart().kind, StepResult::Kind::ok);
    EXPECT_EQ(text_of("web.vars"), "fresh");
}

TEST_F(FirmwareTest, AnEmptyFileIsMadeAnew) {
    put("web.vars", "");
    EXPECT_EQ(prestart().kind, StepResult::Kind::ok);
    EXPECT_EQ(text_of("web.vars"), "fresh");
}

TEST_F(FirmwareTest, AMissingTemplateIsNamed) {
    options.ovmf_vars = "/nonexistent/vars";
    auto const result = prestart();
    EXPECT_EQ(result.kind, StepResult::Kind::failed);
    EXPECT_TRUE(test::holds(result.text, "/nonexistent/vars: No such file")) << result.text;
    definition.backend = BackendKind::bhyve;  // there it is a matter of taste
    options.bhyve_vars = "/nonexistent/vars";
    EXPECT_EQ(prestart().kind, StepResult::Kind::ok);
    options.bhyve_vars.clear();
    EXPECT_EQ(prestart().kind, StepResult::Kind::ok);
}

TEST_F(FirmwareTest, NothingIsFollowedOrTouched) {
    ASSERT_EQ(::symlink("/etc/passwd", (folder.path() + "/web.vars").c_str()), 0);
    auto const result = prestart();
    EXPECT_EQ(result.kind, StepResult::Kind::failed);
    EXPECT_TRUE(result.contributions.empty());
}

TEST_F(FirmwareTest, UndoRemovesTheCopyOfADaemonThatDiedOverIt) {
    put(".0.0.new", "half");
    put("web.vars", "kept");
    auto const steps = make_steps(loop, options);
    int answers = 0;
    steps.at(0)->poststop({.definition = std::make_shared<Definition>(definition), .run_dir = {}, .contributions = {}},
                          [&](StepResult const& result) {
                              EXPECT_EQ(result.kind, StepResult::Kind::ok);
                              ++answers;
                          });
    loop.run_ready();
    EXPECT_EQ(answers, 1);
    EXPECT_FALSE(std::ifstream{folder.path() + "/.0.0.new"});
    EXPECT_EQ(text_of("web.vars"), "kept");
}

}  // namespace
}  // namespace apiary::hypervisor

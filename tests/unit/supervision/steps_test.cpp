// The built-in steps, with real files, a real opener and an unprivileged account. Needs root.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "bench.hpp"
#include "supervision/log_step.hpp"
#include "supervision/run_folder.hpp"
#include "supervision/run_record.hpp"

namespace apiary::test {
namespace {

namespace fs = std::filesystem;

constexpr uid_t nobody = 65534;

class Steps : public Bench {
protected:
    Steps() {
        steps_ = make_steps(loop, options).steps;
        definition_.name = "guest one";
        fs::create_directory(his_);
        EXPECT_EQ(::chown(his_.c_str(), nobody, nobody), 0);
    }
    // A definition whose file, and so whose wishes, are nobody's.
    void belongs_to_nobody() {
        definition_.owner = nobody;
        definition_.file_owner = nobody;
    }
    auto his_wish(std::string const& path) -> HostPath { return {.path = path, .trusted = false, .opened_as = nobody}; }
    auto file(std::string const& path, uid_t owner, mode_t mode, std::string const& text = "content") -> std::string {
        std::ofstream{path} << text;
        EXPECT_EQ(::chown(path.c_str(), owner, owner), 0);
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    auto call() -> StepCall {
        return {.definition = std::make_shared<Definition>(definition_),
                .id = 4,
                .incarnation = 2,
                .attempt = ++attempt_,
                .run_dir = options.run_root + "/4/2",
                .contributions = {}};
    }
    auto step(std::string_view name) -> Step& {
        return **std::ranges::find_if(steps_, [&](auto const& each) { return each->name() == name; });
    }
    auto prestart(std::string_view name) -> StepResult {
        return answer([&](Step::Done done) { step(name).prestart(call(), std::move(done)); });
    }
    auto renew(std::string_view name) -> StepResult {
        return answer([&](Step::Done done) { step(name).renew(call(), std::move(done)); });
    }
    auto poststop(std::string_view name) -> StepResult {
        return answer([&](Step::Done done) { step(name).poststop(call(), std::move(done)); });
    }
    auto answer(std::function<void(Step::Done)> const& start) -> StepResult {
        std::optional<StepResult> result;
        int answers = 0;
        start([&](StepResult given) {
            result = std::move(given);
            ++answers;
        });
        EXPECT_FALSE(result);  // never from within the call
        EXPECT_TRUE(loop.run_until([&] { return result.has_value(); }));
        EXPECT_EQ(answers, 1);
        return result.value_or(StepResult{});
    }
    static auto find(StepResult const& result, std::string_view kind, std::string_view id) -> Contribution const* {
        auto const at = std::ranges::find_if(result.contributions,
                                             [&](auto const& each) { return each.kind == kind && each.id == id; });
        return at == result.contributions.end() ? nullptr : &*at;
    }
    static auto flags_of(Contribution const& contribution) -> int { return ::fcntl(contribution.fd->get(), F_GETFL); }

    std::vector<std::unique_ptr<Step>> steps_;
    Definition definition_;
    std::uint64_t attempt_ = 0;
    std::string his_ = root + "/his";
};

TEST_F(Steps, AreInTheirOrder) {
    ASSERT_EQ(steps_.size(), 4U);
    EXPECT_EQ(steps_[0]->name(), "run-folder");
    EXPECT_EQ(steps_[1]->name(), "limits");
    EXPECT_EQ(steps_[2]->name(), "host-files");
    EXPECT_EQ(steps_[3]->name(), "log");
}

// -- run-folder -------------------------------------------------------------------------------------------------------

TEST_F(Steps, RunFolderIsMadeWithItsRecordAndRemoved) {
    definition_.owner = 1234;
    definition_.group = 99;
    definition_.visibility = Visibility::all;
    definition_.settings = {{.key = "memory", .values = {"1G"}, .secret = false, .origins = {}},
                            {.key = "graphics_password", .values = {"opensesame"}, .secret = true, .origins = {}}};
    auto const dir = options.run_root + "/4/2";
    ASSERT_EQ(prestart("run-folder").kind, StepResult::Kind::ok);
    EXPECT_EQ(fs::status(dir).permissions(), fs::perms::owner_all);
    auto const text = read_file(dir + "/vm.json");
    EXPECT_EQ(text.find("opensesame"), std::string::npos);
    auto const record = std::get<RunRecord>(supervision::run_record_from_json(text, dir));
    EXPECT_EQ(record.name, "guest one");
    EXPECT_EQ(record.id, 4U);
    EXPECT_EQ(record.incarnation, 2U);
    EXPECT_EQ(record.owner, 1234U);
    EXPECT_EQ(record.group, std::optional<gid_t>{99});
    EXPECT_EQ(record.visibility, Visibility::all);
    // Again, after a crash in between; and with what a hypervisor's run leaves there.
    ASSERT_EQ(prestart("run-folder").kind, StepResult::Kind::ok);
    std::ofstream{dir + "/exit"} << "x";
    fs::create_symlink(file(root + "/precious", 0, 0600), dir + "/link");
    EXPECT_EQ(poststop("run-folder").kind, StepResult::Kind::ok);
    EXPECT_FALSE(fs::exists(options.run_root + "/4"));
    EXPECT_TRUE(fs::exists(root + "/precious"));
    EXPECT_EQ(poststop("run-folder").kind, StepResult::Kind::ok);
}

TEST_F(Steps, RunFolderThatIsLivedInIsLeftAlone) {
    auto request = script("exec sleep 1000");
    ASSERT_EQ(prestart("run-folder").kind, StepResult::Kind::ok);
    request.run_dir = options.run_root + "/4/2";
    auto const run = spawn(std::move(request));
    (void)wait_for(*run, SupervisedEvent::Kind::started);
    for (auto const& result : {poststop("run-folder"), prestart("run-folder")}) {
        EXPECT_EQ(result.kind, StepResult::Kind::failed);
        EXPECT_NE(result.text.find("still runs"), std::string::npos) << result.text;
    }
    run->handle->signal(9);
    (void)wait_for(*run, SupervisedEvent::Kind::exited);
    EXPECT_EQ(poststop("run-folder").kind, StepResult::Kind::ok);
}

TEST_F(Steps, RunFolderThatIsALinkIsNotFollowed) {
    fs::create_directories(root + "/elsewhere/kept");
    fs::create_directory(options.run_root + "/4");
    fs::create_directory_symlink(root + "/elsewhere", options.run_root + "/4/2");
    EXPECT_EQ(poststop("run-folder").kind, StepResult::Kind::failed);
    EXPECT_EQ(prestart("run-folder").kind, StepResult::Kind::failed);
    EXPECT_TRUE(fs::exists(root + "/elsewhere/kept"));
    fs::remove_all(options.run_root + "/4");
}

// -- host-files: trusted ----------------------------------------------------------------------------------------------

TEST_F(Steps, RootsFilesForRootsGuestAreLeftToTheHypervisor) {
    definition_.disks.push_back({.path = {.path = file(root + "/disk", 0, 0600)}});
    definition_.disks.push_back({.path = {.path = root + "/absent"}, .noexist = true});
    auto const result = prestart("host-files");
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    EXPECT_EQ(find(result, "fd", "disk0"), nullptr);
    EXPECT_NE(find(result, "skip", "disk1"), nullptr);
    ASSERT_NE(find(result, "credentials", "hypervisor"), nullptr);
    auto const credentials = parse_credentials(find(result, "credentials", "hypervisor")->value);
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->uid, 0U);
}

TEST_F(Steps, RootMayGiveADiskToAUsersGuest) {
    definition_.owner = nobody;
    definition_.disks.push_back({.path = {.path = file(root + "/disk", 0, 0600)}});
    auto const result = prestart("host-files");
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    ASSERT_NE(find(result, "fd", "disk0"), nullptr);
    EXPECT_EQ(flags_of(*find(result, "fd", "disk0")) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
    EXPECT_EQ(parse_credentials(find(result, "credentials", "hypervisor")->value)->uid, nobody);
}

TEST_F(Steps, WhatIsAbsentOrNotADiskIsSaid) {
    for (uid_t const owner : {uid_t{0}, nobody}) {
        definition_.owner = owner;
        definition_.disks = {{.path = {.path = root + "/absent"}}};
        auto result = prestart("host-files");
        EXPECT_EQ(result.kind, StepResult::Kind::failed);
        EXPECT_EQ(result.text, "disk " + root + "/absent does not exist: create it, or mark it noexist");
        definition_.disks = {{.path = {.path = root}, .readonly = true}};
        result = prestart("host-files");
        EXPECT_EQ(result.text, "disk " + root + " is a folder; it must be a regular file or a disk device");
    }
}

// -- host-files: somebody's wish --------------------------------------------------------------------------------------

TEST_F(Steps, HisFilesAreOpenedAsHim) {
    belongs_to_nobody();
    definition_.loader = Loader::kernel;
    definition_.disks = {{.path = his_wish(file(his_ + "/rw", nobody, 0600))},
                         {.path = his_wish(file(his_ + "/ro", nobody, 0400)), .readonly = true},
                         {.path = his_wish(his_ + "/absent"), .noexist = true}};
    definition_.isos = {{.path = his_wish(file(root + "/public.iso", 0, 0644))}};
    definition_.kernel = his_wish(file(his_ + "/kernel", nobody, 0400));
    definition_.initrd = his_wish(file(his_ + "/initrd", nobody, 0400, "the initrd"));
    auto const result = prestart("host-files");
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    EXPECT_EQ(flags_of(*find(result, "fd", "disk0")) & O_ACCMODE, O_RDWR);
    for (auto const* const id : {"disk1", "iso0", "kernel", "initrd"}) {
        ASSERT_NE(find(result, "fd", id), nullptr) << id;
        EXPECT_EQ(flags_of(*find(result, "fd", id)) & (O_ACCMODE | O_NONBLOCK), O_RDONLY) << id;
    }
    char text[32] = {};
    EXPECT_EQ(::read(find(result, "fd", "initrd")->fd->get(), text, sizeof text), 10);
    EXPECT_STREQ(text, "the initrd");
    EXPECT_NE(find(result, "skip", "disk2"), nullptr);
}

TEST_F(Steps, TheShadowFileIsNotHis) {
    belongs_to_nobody();
    for (bool const readonly : {false, true}) {
        definition_.disks = {{.path = his_wish("/etc/shadow"), .readonly = readonly}};
        auto const result = prestart("host-files");
        EXPECT_EQ(result.kind, StepResult::Kind::veto);
        EXPECT_TRUE(result.text.starts_with("disk /etc/shadow: permission denied for user nobody")) << result.text;
        EXPECT_TRUE(result.contributions.empty());
    }
}

TEST_F(Steps, ASymbolicLinkLeadsNowhereElse) {
    belongs_to_nobody();
    auto const link = his_ + "/disk";
    fs::create_symlink("/etc/shadow", link);
    definition_.disks = {{.path = his_wish(link)}};
    EXPECT_EQ(prestart("host-files").kind, StepResult::Kind::veto);
    // Swapped after the look: what was opened stays what is used.
    fs::remove(link);
    file(link, nobody, 0600, "his own");
    auto const result = prestart("host-files");
    fs::remove(link);
    fs::create_symlink("/etc/shadow", link);
    ASSERT_NE(find(result, "fd", "disk0"), nullptr);
    char text[16] = {};
    EXPECT_EQ(::read(find(result, "fd", "disk0")->fd->get(), text, sizeof text), 7);
    EXPECT_STREQ(text, "his own");
}

TEST_F(Steps, AFifoHoldsNobodyUp) {
    belongs_to_nobody();
    ASSERT_EQ(::mkfifo((his_ + "/fifo").c_str(), 0666), 0);
    definition_.isos = {{.path = his_wish(his_ + "/fifo")}};
    auto const result = prestart("host-files");
    EXPECT_EQ(result.kind, StepResult::Kind::veto);
    EXPECT_NE(result.text.find("is a FIFO"), std::string::npos) << result.text;
}

TEST_F(Steps, WhatOnlyRootMayGiveIsRefused) {
    belongs_to_nobody();
    definition_.shares = {{.name = "all", .path = his_wish("/")}};
    EXPECT_EQ(prestart("host-files").kind, StepResult::Kind::veto);
    definition_.shares.clear();
    definition_.com[0] = {.kind = ComPort::Kind::device, .device = his_wish("/dev/ttyS0"), .text = "/dev/ttyS0"};
    EXPECT_EQ(prestart("host-files").kind, StepResult::Kind::veto);
    definition_.com[0] = {};
    definition_.graphics.on = true;
    definition_.graphics.path = his_wish("/run/vnc");
    EXPECT_EQ(prestart("host-files").kind, StepResult::Kind::ok);  // made by the hypervisor, which runs as him
    definition_.owner = 0;
    EXPECT_EQ(prestart("host-files").kind, StepResult::Kind::veto);
}

TEST_F(Steps, AnOwnerWithoutAnAccountIsSaid) {
    definition_.owner = 3999999;
    auto const result = prestart("host-files");
    EXPECT_EQ(result.kind, StepResult::Kind::failed);
    EXPECT_NE(result.text.find("3999999"), std::string::npos);
}

TEST_F(Steps, AFileServerThatHangsIsGivenUp) {
    options.opener = file(root + "/hangs", 0, 0755, "#!/bin/sh\nexec sleep 1000\n");
    options.open_deadline = std::chrono::milliseconds{50};
    steps_ = make_steps(loop, options).steps;
    belongs_to_nobody();
    definition_.disks = {{.path = his_wish(his_ + "/disk")}};
    auto const result = prestart("host-files");
    EXPECT_EQ(result.kind, StepResult::Kind::failed);
    EXPECT_NE(result.text.find("does not answer"), std::string::npos) << result.text;
}

TEST_F(Steps, CanBeCutShort) {
    options.opener = file(root + "/hangs", 0, 0755, "#!/bin/sh\nexec sleep 1000\n");
    steps_ = make_steps(loop, options).steps;
    belongs_to_nobody();
    definition_.disks = {{.path = his_wish(his_ + "/disk")}};
    auto const result = answer([&](Step::Done done) {
        step("host-files").prestart(call(), std::move(done));
        step("host-files").cancel(attempt_);
    });
    EXPECT_EQ(result.kind, StepResult::Kind::failed);
}

TEST_F(Steps, LeakNothing) {
    belongs_to_nobody();
    definition_.disks = {{.path = his_wish(file(his_ + "/rw", nobody, 0600))}, {.path = his_wish("/etc/shadow")}};
    auto const settled = [this] {
        return loop.run_until(
            [] { return std::ranges::none_of(open_fds(), [](auto const& fd) { return fd.ends_with("[pidfd]"); }); });
    };
    (void)prestart("host-files");
    EXPECT_TRUE(settled());
    auto const before = open_fds();
    for (int i = 0; i < 5; ++i) {
        (void)prestart("host-files");
        (void)prestart("log");
    }
    EXPECT_TRUE(settled());
    EXPECT_EQ(open_fds(), before);
}

// -- log --------------------------------------------------------------------------------------------------------------

TEST_F(Steps, LogIsHeadedByEachStart) {
    for (int i = 0; i < 2; ++i) {
        auto const result = prestart("log");
        ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
        EXPECT_EQ(flags_of(*find(result, "fd", "log")) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_APPEND);
    }
    auto const text = read_file(options.log_dir + "/guest%20one.log");
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
    EXPECT_NE(text.find("start of guest one, incarnation 2"), std::string::npos) << text;
    EXPECT_EQ(fs::status(options.log_dir + "/guest%20one.log").permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(Steps, LogGoesOnWithoutAnotherHeader) {
    options.log_bound = 10;
    steps_ = make_steps(loop, options).steps;
    ASSERT_EQ(prestart("log").kind, StepResult::Kind::ok);
    auto const path = options.log_dir + "/guest%20one.log";
    auto const text = read_file(path);
    auto const result = renew("log");
    ASSERT_EQ(result.kind, StepResult::Kind::ok) << result.text;
    EXPECT_NE(find(result, "fd", "log"), nullptr);
    EXPECT_EQ(read_file(path), text);
    EXPECT_FALSE(fs::exists(path + ".1"));
}

TEST_F(Steps, LogThatIsTooLongIsSetAside) {
    options.log_bound = 1000;
    steps_ = make_steps(loop, options).steps;
    auto const path = file(options.log_dir + "/guest%20one.log", 0, 0640, std::string(1001, 'o'));
    ASSERT_EQ(prestart("log").kind, StepResult::Kind::ok);
    EXPECT_EQ(fs::file_size(path + ".1"), 1001U);
    EXPECT_LT(fs::file_size(path), 200U);
}

TEST_F(Steps, LogNamesAreFileNamesAndTellVmsApart) {
    using supervision::log_file_name;
    EXPECT_EQ(log_file_name("web-1.example"), "web-1.example.log");
    EXPECT_EQ(log_file_name("a b%c"), "a%20b%25c.log");
    std::string const blanks(126, ' ');
    EXPECT_NE(log_file_name("a" + blanks + "b"), log_file_name("a" + blanks + "c"));
    EXPECT_LE(log_file_name("a" + blanks + "b").size(), 250U);
}

TEST_F(Steps, LogOfHisIsOpenedAsHim) {
    belongs_to_nobody();
    definition_.err_logfile = his_wish(his_ + "/new.log");
    ASSERT_EQ(prestart("log").kind, StepResult::Kind::ok);
    struct stat status {};
    ASSERT_EQ(::stat((his_ + "/new.log").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, nobody);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    definition_.err_logfile = his_wish(file(root + "/anothers.log", 0, 0666));
    auto result = prestart("log");
    EXPECT_EQ(result.kind, StepResult::Kind::veto);
    EXPECT_NE(result.text.find("does not belong to user nobody"), std::string::npos) << result.text;
    definition_.err_logfile = his_wish(file(root + "/secret.log", 0, 0600));
    result = prestart("log");
    EXPECT_NE(result.text.find("permission denied for user nobody"), std::string::npos) << result.text;
    fs::create_symlink(root + "/secret.log", his_ + "/link.log");
    definition_.err_logfile = his_wish(his_ + "/link.log");
    result = prestart("log");
    EXPECT_NE(result.text.find("symbolic link"), std::string::npos) << result.text;
    EXPECT_EQ(read_file(root + "/secret.log"), "content");
}

TEST_F(Steps, LogThatCannotBeWrittenFailsTheStart) {
    definition_.err_logfile = HostPath{.path = root + "/no/such/folder/log"};
    EXPECT_EQ(prestart("log").kind, StepResult::Kind::failed);
    definition_.err_logfile = HostPath{.path = "/dev/full"};
    EXPECT_EQ(prestart("log").text, "log /dev/full is a device; it must be a regular file");
}

}  // namespace
}  // namespace apiary::test

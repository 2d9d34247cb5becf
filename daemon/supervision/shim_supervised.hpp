// One hypervisor under its shim, as the daemon holds it: over the shim's connection while there is one, by what the run
// folder and the system say once the shim is gone.
#pragma once

#include <map>
#include <optional>

#include "supervision/process.hpp"
#include "supervision/run_folder.hpp"
#include "supervision/shim_connection.hpp"
#include "vm/supervisor.hpp"

namespace apiary::supervision {

class ShimSupervised : public Supervised {
public:
    // `number`: which launch in the run folder it is; 0: whichever there is.
    ShimSupervised(Loop& loop, std::string run_dir, std::uint64_t number, Sink sink);

    // One of these three, once.
    void launch(UniqueFd setup, std::vector<OutgoingMessage> record);  // a shim that was just spawned
    void adopt(bool remembered);  // whatever became of that launch; see Reattachment
    void fail(std::string text);  // there is no shim

    [[nodiscard]] auto pid() const -> pid_t override { return id_.pid; }
    void signal(int number) override;
    void attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                        std::function<void(ConsoleResult)> done) override;
    void forget() override;

private:
    enum class Stage { launching, up, orphaned, over };
    void connect(UniqueFd socket);
    void on_message(IncomingMessage const& message);
    void on_greeting(IncomingMessage const& message);
    void on_answer(IncomingMessage const& message);
    void on_closed();
    void take_process(IncomingMessage const& message);
    void look_in_folder();  // the shim does not speak to us any more
    void look_at_exit(ExitRecord const& record);
    void on_orphan();
    void look_at_nobody();
    [[nodiscard]] auto lives_by_its_lock() const -> bool;
    void watch_orphan();
    void look_later();
    void report_end(IncomingMessage const& message);
    void end(SupervisedEvent const& event);   // may destroy this
    void emit(SupervisedEvent const& event);  // may destroy this: the last thing that a function does
    void later(void (ShimSupervised::*what)());

    Loop& loop_;
    std::string run_dir_;
    std::uint64_t number_;
    Sink sink_;
    Stage stage_ = Stage::launching;
    ProcessId id_;
    std::unique_ptr<ShimConnection> connection_;
    std::map<std::uint32_t, std::function<void(ConsoleResult)>> attaching_;
    std::uint32_t last_request_ = 0;
    std::optional<Process> process_;  // of an orphan
    Handle wait_;                     // after process_: goes first
    Duration pause_;
    bool adopting_ = false;    // an earlier daemon launched it, if anybody did
    bool called_off_ = false;  // … and if nobody did, nobody will
    bool tidies_up_ = false;   // the folder goes with the exit record
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace apiary::supervision

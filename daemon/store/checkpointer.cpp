// Two pieces of work for the pool, one after the other: most of the log while the loop goes on writing, then the rest.
#include "store/checkpointer.hpp"
#include "vm/kill_point.hpp"

#include <sqlite3.h>

#include <optional>
#include <utility>

namespace apiary::store {

// Touched by one thread of the pool at a time.
struct Checkpointer::Work {
    std::string path;
    std::optional<Sqlite> connection;
    bool well = false;
    std::string fault;

    // The files of a database are opened by the first that reads it.
    void open() {
        connection.emplace(path, Sqlite::Mode::existing);
        connection->run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;");
        (void)connection->number("PRAGMA schema_version");
    }

    void carry(int mode) {
        if (!connection) {
            open();
        }
        APIARY_KILL_POINT("checkpoint.carry");
        int const code = sqlite3_wal_checkpoint_v2(connection->handle(), nullptr, mode, nullptr, nullptr);
        APIARY_KILL_POINT("checkpoint.carried");
        well = code == SQLITE_OK;
        if (!well && (code & 0xff) != SQLITE_BUSY) {
            fault = sqlite3_errmsg(connection->handle());
        }
    }

    // The first commit of a round syncs the log's header: a commit of nobody's data.
    void open_round() {
        if (well) {
            connection->run("UPDATE meta SET value = value + 1 WHERE key = 'checkpoints'");
            APIARY_KILL_POINT("checkpoint.round-opened");
        }
    }

    template <typename Function>
    void guarded(Function function) {
        try {
            function();
        } catch (std::exception const& error) {
            well = false;
            fault = error.what();
            connection.reset();
        }
    }
};

Checkpointer::Checkpointer(Loop& loop, std::string path, int pages, std::function<void(std::string const&)> report)
    : loop_{loop},
      work_{std::make_shared<Work>()},
      alive_{std::make_shared<bool>(true)},
      report_{std::move(report)},
      pages_{pages} {
    work_->path = std::move(path);
}

Checkpointer::~Checkpointer() {
    *alive_ = false;
}

void Checkpointer::open() {
    work_->open();
}

void Checkpointer::log_has(int pages) {
    length_ = pages;
    // A disk that has just failed is not asked again at each commit.
    bool const worth_while = pages >= pages_ && (pages < tried_at_ || pages >= tried_at_ + pages_ / 10);
    if (worth_while && !std::exchange(busy_, true)) {
        begin();
    }
}

void Checkpointer::begin() {
    loop_.offload([work = work_] { work->guarded([&] { work->carry(SQLITE_CHECKPOINT_PASSIVE); }); },
                  [this, alive = alive_] {
                      if (!*alive) {
                          return;
                      }
                      if (work_->well) {
                          end_round();
                      } else {
                          done(false);
                      }
                  });
}

void Checkpointer::end_round() {
    closing_round_ = true;
    patience_ = loop_.after(patience, [this] { out_of_patience(); });
    loop_.offload(
        [work = work_] {
            work->guarded([&] {
                work->carry(SQLITE_CHECKPOINT_RESTART);
                work->open_round();
            });
        },
        [this, alive = alive_] {
            if (*alive) {
                done(work_->well);
            }
        });
}

void Checkpointer::done(bool well) {
    busy_ = hangs_ = false;
    tried_at_ = well ? 0 : length_;
    tell();
    become_ready();
}

// The round goes on: its locks keep commits out until it ends, and busy_ keeps another one from being begun.
void Checkpointer::out_of_patience() {
    hangs_ = true;
    if (report_ && !std::exchange(trouble_, true)) {
        report_("state database " + work_->path + ": checkpoint: its disk has not answered for " +
                std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
                " s: look at it (dmesg). Until it does nothing can be written down, and nothing new starts");
    }
    become_ready();
}

void Checkpointer::become_ready() {
    patience_ = nullptr;
    closing_round_ = false;
    for (auto const& callback : std::exchange(waiting_, {})) {
        callback();
    }
}

void Checkpointer::tell() {
    auto const fault = std::exchange(work_->fault, {});
    bool const put_off = !work_->well && fault.empty();  // somebody reads just now
    if (put_off || trouble_ == !fault.empty()) {
        return;
    }
    trouble_ = !fault.empty();
    if (report_) {
        report_(trouble_ ? "state database " + work_->path + ": checkpoint: " + fault +
                               ": look at its disk (dmesg, df). Nothing is lost, but its -wal file grows until then"
                         : "state database " + work_->path + ": the checkpoint is done");
    }
}

void Checkpointer::when_ready(std::function<void()> callback) {
    if (ready()) {
        loop_.post(std::move(callback));
    } else {
        waiting_.push_back(std::move(callback));
    }
}

}  // namespace apiary::store

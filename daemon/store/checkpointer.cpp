// Two pieces of work for the pool, one after the other: most of the log while the loop goes on writing, then the rest.
#include "store/checkpointer.hpp"

#include <sqlite3.h>

#include <optional>
#include <utility>

namespace apiary::store {

// Touched by one thread of the pool at a time.
struct Checkpointer::Work {
    std::string path;
    std::optional<Sqlite> connection;
    bool well = false;

    void carry(int mode) {
        if (!connection) {
            connection.emplace(path, Sqlite::Mode::existing);
            connection->run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;");
        }
        int const code = sqlite3_wal_checkpoint_v2(connection->handle(), nullptr, mode, nullptr, nullptr);
        well = code == SQLITE_OK;
    }

    // The first commit of a round syncs the log's header: a commit of nobody's data.
    void open_round() {
        if (well) {
            connection->run("UPDATE meta SET value = value + 1 WHERE key = 'checkpoints'");
        }
    }

    template <typename Function>
    void guarded(Function function) {
        try {
            function();
        } catch (std::exception const&) {  // a full or failing disk: the loop's own commits tell of it
            well = false;
            connection.reset();
        }
    }
};

Checkpointer::Checkpointer(Loop& loop, std::string path, int pages)
    : loop_{loop}, work_{std::make_shared<Work>()}, alive_{std::make_shared<bool>(true)}, pages_{pages} {
    work_->path = std::move(path);
}

Checkpointer::~Checkpointer() {
    *alive_ = false;
}

void Checkpointer::log_has(int pages) {
    if (pages >= pages_ && !std::exchange(busy_, true)) {
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
    busy_ = closing_round_ = false;
    rounds_ += well ? 1 : 0;
    for (auto const& callback : std::exchange(waiting_, {})) {
        callback();
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

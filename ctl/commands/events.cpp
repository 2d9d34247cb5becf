// apiaryctl events
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/event_feed.hpp"
#include "ctl/event_text.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/signals.hpp"

namespace apiary::ctl {

namespace {

using std::chrono::milliseconds;

// Follows the journal over Journal.Open. A stream that ends (the daemon was restarted) is opened anew with the number
// of the last line: nothing is missed, and nothing comes twice. Only what a person should know of is told besides.
class Reader {
public:
    Reader(Context& context, Invocation const& asked)
        : context_{context},
          asked_{asked},
          filter_{.vms = asked.vms, .types = asked.types, .since = asked.from.value_or(0)},
          feed_{filter_},
          client_{context.connect()} {}

    auto run() -> ExitCode {
        if (asked_.follow) {
            signals_ = std::make_unique<SignalCatcher>();
        }
        go_on();
        for (;;) {
            if (interrupted()) {
                return exit_code_of_signal(SignalCatcher::caught());
            }
            switch (read()) {
                case Read::done:
                    say_if_there_is_no_such_vm();
                    return ExitCode::ok;
                case Read::other_stream:
                    go_on();
                    break;
                case Read::truncated:
                    tell_truncated(*feed_.truncated());
                    go_on();
                    break;
                case Read::ended:
                    if (!asked_.follow) {
                        throw Failure{ExitCode::unreachable, "apiaryd went away in the middle of its events.",
                                      "What was shown is right, but not all."};
                    }
                    come_again();
                    break;
                case Read::output_gone:
                    return exit_code_of_signal(SIGPIPE);
                case Read::interrupted:
                    break;
            }
        }
    }

private:
    enum class Read { done, ended, truncated, other_stream, output_gone, interrupted };

    [[nodiscard]] auto interrupted() const -> bool {
        return interrupted_ || (signals_ && SignalCatcher::caught() != 0);
    }
    [[nodiscard]] auto signal_fd() const -> int { return signals_ ? signals_->fd() : -1; }

    // Where to begin, and in which numbering.
    void begin() {
        stream_ = asked_.stream.empty() ? client_->journal_stream() : asked_.stream;
        last_ = client_->journal_last();
        if (asked_.since) {
            from_oldest_ = *asked_.since == 0;
            feed_.begin(from_oldest_ ? 0 : *asked_.since - 1);
        } else {
            from_oldest_ = asked_.from.has_value() || !asked_.follow;
            feed_.begin(from_oldest_ ? 0 : last_);
        }
    }

    // Opens the stream from here on; where the daemon goes away just now, a follower waits for it.
    void go_on() {
        try {
            open();
        } catch (Failure const& failure) {
            if (!asked_.follow || failure.code() != ExitCode::unreachable) {
                throw;
            }
            come_again();
        }
    }

    void open() {
        if (!begun_) {
            begin();
            begun_ = true;
        }
        if (is_other_stream()) {
            other_stream(feed_.stream());
        }
        for (;;) {
            try {
                auto const after = feed_.after();
                lines_ = client_->open_journal(stream_, after, filter_, from_oldest_);
                from_oldest_ = false;
                feed_.begin(after);
                return;
            } catch (JournalTruncated const& truncated) {
                if (from_oldest_) {
                    throw;  // asked for whatever is left, it must not say so
                }
                if (truncated.stream() != stream_) {
                    other_stream(truncated.stream());
                } else if (truncated.oldest() > feed_.after() + 1) {
                    tell_truncated(truncated.oldest());
                } else {
                    lost_end();
                }
            }
        }
    }

    // Shows what comes, until something is to be done about it.
    auto read() -> Read {
        std::array<char, std::size_t{64} * 1024> bytes;
        for (;;) {
            std::array<pollfd, 2> waited{pollfd{lines_.get(), POLLIN, 0}, pollfd{signal_fd(), POLLIN, 0}};
            if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) {
                return Read::ended;
            }
            if (interrupted() || waited[1].revents != 0) {
                return Read::interrupted;
            }
            auto const got = ::read(lines_.get(), bytes.data(), bytes.size());
            if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
                continue;
            }
            if (got <= 0) {
                return Read::ended;
            }
            auto const events = feed_.take({bytes.data(), static_cast<std::size_t>(got)});
            if (is_other_stream()) {
                return Read::other_stream;
            }
            show(events);
            if (!context_.output.out) {
                return Read::output_gone;
            }
            if (feed_.truncated()) {
                return Read::truncated;
            }
            if (!asked_.follow && (feed_.caught_up() || feed_.after() >= last_)) {
                return Read::done;
            }
        }
    }

    // The stream has ended. As long as there is a bus, it tells when the daemon is back; a bus that is gone can only be
    // tried again and again.
    void come_again() {
        lines_ = UniqueFd{};
        for (milliseconds wait{0};; wait = longest_pause) {
            auto const notice = client_->next(signal_fd(), wait);
            interrupted_ = interrupted_ || notice.kind == Notice::Kind::interrupted;
            if (interrupted()) {
                return;
            }
            if (notice.kind == Notice::Kind::daemon_gone) {
                tell("apiaryd went away. Waiting for it (Ctrl-C ends).");
                continue;
            }
            if (notice.kind == Notice::Kind::daemon_back) {
                tell("apiaryd is back.");
            }
            try {
                if (notice.kind == Notice::Kind::bus_lost && !connect_again()) {
                    return;
                }
                open();
                return;
            } catch (Failure const& failure) {
                if (failure.code() != ExitCode::unreachable) {
                    throw;
                }  // it goes, or has not come yet
            }
        }
    }

    // False: a signal came.
    auto connect_again() -> bool {
        tell("The bus went away. Trying to reach it again (Ctrl-C ends).");
        for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
            pollfd wait{signal_fd(), POLLIN, 0};
            if (::poll(&wait, 1, static_cast<int>(pause.count())) > 0) {
                interrupted_ = true;
                return false;
            }
            try {
                client_ = context_.connect();
                tell("apiaryd is reached again.");
                return true;
            } catch (Failure const& failure) {
                if (failure.code() != ExitCode::unreachable) {
                    throw;
                }
            }
        }
    }

    void show(std::vector<Event> const& events) {
        auto& output = context_.output;
        for (auto const& event : events) {
            output.out << (output.json ? event_json(event, stream_) : event_text(event, output.out_style)) << '\n';
        }
        any_ = any_ || !events.empty();
        output.out.flush();
    }

    // Who begins with the oldest that is left gets it in whatever numbering there is.
    [[nodiscard]] auto is_other_stream() const -> bool { return !feed_.stream().empty() && feed_.stream() != stream_; }

    void tell(std::string_view text) {
        auto& output = context_.output;
        if (!output.quiet) {
            output.err << painted(text, Colour::yellow, output.err_style) << std::endl;
        }
    }

    // Of a gap, programs are told among the events.
    void tell_gap(std::string const& json, std::string_view text) {
        if (context_.output.json) {
            context_.output.out << json << std::endl;
        }
        tell(text);
    }

    // Numbers begin anew: of the new ones, all are new to us.
    void other_stream(std::string const& stream) {
        last_ = client_->journal_last();  // where that fails, all of this comes again
        stream_ = stream;
        feed_.begin(0);
        from_oldest_ = true;
        tell_gap(
            control_json("stream-changed", stream_),
            "The journal numbers its events anew: what happened between may be missing here. 'apiaryctl list' shows "
            "how things are.");
    }

    // The same journal, with numbers to give away that were given away before; or that nobody has had yet.
    void lost_end() {
        last_ = client_->journal_last();
        bool const of_his =
            asked_.since && feed_.after() + 1 == *asked_.since;  // nothing was read: he may only think so
        auto const missed = of_his ? std::to_string(*asked_.since) + " (yet, or any more)"
                                   : std::to_string(feed_.after()) + " (any more)";
        tell_gap(control_json("stream-changed", stream_), "The journal has no event " + missed + ": the newest is " +
                                                              std::to_string(last_) +
                                                              (asked_.follow ? ". It goes on from there." : "."));
        feed_.begin(last_);
    }

    void tell_truncated(std::uint64_t oldest) {
        feed_.begin(oldest == 0 ? 0 : oldest - 1);
        from_oldest_ = true;
        tell_gap(truncated_json(oldest, stream_), "Events before number " + std::to_string(oldest) +
                                                      " are no longer in the journal: some may be missing here.");
    }

    // Old events may be of VMs that are no more, so only silence is a reason to ask.
    void say_if_there_is_no_such_vm() {
        if (any_ || context_.output.quiet) {
            return;
        }
        for (auto const& name : asked_.vms) {
            try {
                static_cast<void>(find_vm(*client_, name));
            } catch (Failure const& failure) {
                tell_failure(context_.output, name, failure);
            }
        }
    }

    static constexpr milliseconds first_pause{250};
    static constexpr milliseconds longest_pause{2000};

    Context& context_;
    Invocation const& asked_;
    EventFilter filter_;
    EventFeed feed_;
    std::unique_ptr<Client> client_;
    std::unique_ptr<SignalCatcher> signals_;
    UniqueFd lines_;
    std::string stream_;
    std::uint64_t last_ = 0;  // the newest when it was asked: as far as it is read without --follow
    bool begun_ = false, from_oldest_ = false, any_ = false, interrupted_ = false;
};

}  // namespace

auto events(Context& context, Invocation const& asked) -> ExitCode {
    return Reader{context, asked}.run();
}

}  // namespace apiary::ctl

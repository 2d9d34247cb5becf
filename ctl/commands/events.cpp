// apiaryctl events
#include <poll.h>

#include <algorithm>
#include <limits>
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

class Reader {
public:
    Reader(Context& context, Invocation const& asked)
        : context_{context},
          asked_{asked},
          filter_{.vms = asked.vms, .types = asked.types},
          feed_{filter_},
          client_{context.connect()} {}

    auto run() -> ExitCode {
        if (!asked_.follow) {
            begin();
            read(to_the_end);
            say_if_there_is_no_such_vm();
            return ExitCode::ok;
        }
        SignalCatcher const signals;
        client_->subscribe(filter_);  // before the first read: nothing falls between the two
        begin();
        read(to_the_end);
        for (;;) {
            auto notice = client_->next(signals.fd(), std::nullopt);
            if (signals.caught() != 0) {  // whatever else there is to tell: a dead bus would never end telling it
                return exit_code_of_signal(signals.caught());
            }
            try {
                take(std::move(notice), signals);
            } catch (Failure const& failure) {
                if (failure.code() != ExitCode::unreachable) {
                    throw;
                }  // gone in the middle of a call: the next notice says so, and its coming back too
            }
        }
    }

private:
    static constexpr auto to_the_end = std::numeric_limits<std::uint64_t>::max();

    // Where to begin, and in which numbering.
    void begin() {
        stream_ = client_->journal_stream();
        if (asked_.since) {
            from_oldest_ = *asked_.since == 0;
            feed_.start_after(from_oldest_ ? 0 : *asked_.since - 1);
            if (!asked_.stream.empty() && asked_.stream != stream_) {
                other_stream();
            }
        } else {
            from_oldest_ = !asked_.follow;
            feed_.start_after(asked_.follow ? client_->journal_last() : 0);
        }
    }

    // Reads until everything up to `wanted` is known, or there is nothing more.
    void read(std::uint64_t wanted) {
        for (;;) {
            auto const before = feed_.after();
            try {
                auto page = client_->read_journal(stream_, before, filter_, from_oldest_);
                from_oldest_ = false;
                show(feed_.read(std::move(page)));
            } catch (JournalTruncated const& truncated) {
                if (!truncated.stream().empty() && truncated.stream() != stream_) {
                    stream_ = truncated.stream();
                    other_stream();
                } else if (!from_oldest_) {
                    tell_truncated(truncated);
                } else {
                    throw;  // asked for whatever is left, it must not say so
                }
                continue;
            }
            if (feed_.after() >= wanted || feed_.after() == before) {
                break;
            }
        }
        show(feed_.rest());
    }

    void take(Notice notice, SignalCatcher const& signals) {
        // All that is there already is one reason to read.
        for (; notice.kind == Notice::Kind::event; notice = client_->next(signals.fd(), milliseconds{0})) {
            feed_.signalled(std::move(notice.event));
        }
        switch (notice.kind) {
            case Notice::Kind::missed:
                client_->subscribe(filter_);
                read(to_the_end);
                return;
            case Notice::Kind::daemon_gone:
                tell("daemon-gone", "apiaryd went away. Waiting for it (Ctrl-C ends).");
                return;
            case Notice::Kind::daemon_back:
                go_on();
                return;
            case Notice::Kind::bus_lost:
                connect_again(signals);
                return;
            case Notice::Kind::interrupted:  // told again by the next wait: its pipe stays readable
            case Notice::Kind::timed_out:
            case Notice::Kind::event:
            case Notice::Kind::job_changed:
            case Notice::Kind::job_ended:
                break;
        }
        if (feed_.behind()) {
            read(feed_.newest());
        }
    }

    void go_on() {
        client_->subscribe(filter_);
        auto const stream = client_->journal_stream();
        tell("daemon-back", "apiaryd is back.");
        if (stream != stream_) {
            stream_ = stream;
            other_stream();
        }
        read(to_the_end);
    }

    // A private bus goes with its daemon: there is nothing left that could tell when both are back.
    void connect_again(SignalCatcher const& signals) {
        constexpr milliseconds first{250};
        constexpr milliseconds longest{5000};
        tell("bus-lost", "The bus went away. Trying to reach it again (Ctrl-C ends).");
        for (auto pause = first;; pause = std::min(pause * 2, longest)) {
            pollfd wait{signals.fd(), POLLIN, 0};
            if (::poll(&wait, 1, static_cast<int>(pause.count())) > 0) {
                return;  // the next wait tells
            }
            try {
                client_ = context_.connect();
                go_on();
                return;
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

    // What is no event: for people beside the events, for programs among them.
    void tell(std::string const& control, std::string_view text) {
        auto& output = context_.output;
        if (output.json) {
            output.out << control_json(control, stream_) << std::endl;
        } else if (!output.quiet) {
            output.err << painted(text, Colour::yellow, output.err_style) << std::endl;
        }
    }

    // Numbers begin anew: of the new ones, all are new to us.
    void other_stream() {
        feed_.start_after(0);
        from_oldest_ = true;
        tell("stream-changed",
             "The journal numbers its events anew (the daemon was restarted): what happened between may be missing "
             "here. "
             "'apiaryctl list' shows how things are.");
    }

    void tell_truncated(JournalTruncated const& truncated) {
        feed_.start_after(truncated.oldest() == 0 ? 0 : truncated.oldest() - 1);
        from_oldest_ = true;
        if (context_.output.json) {
            context_.output.out << truncated_json(truncated.oldest(), stream_) << std::endl;
        } else if (!context_.output.quiet) {
            tell("truncated", "Events before number " + std::to_string(truncated.oldest()) +
                                  " are no longer in the journal: some may be missing here.");
        }
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

    Context& context_;
    Invocation const& asked_;
    EventFilter filter_;
    EventFeed feed_;
    std::unique_ptr<Client> client_;
    std::string stream_;
    bool from_oldest_ = false;
    bool any_ = false;
};

}  // namespace

auto events(Context& context, Invocation const& asked) -> ExitCode {
    return Reader{context, asked}.run();
}

}  // namespace apiary::ctl

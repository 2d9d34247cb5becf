// Carries events from the journal to one reader.
#include "bus/event_pump.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace apiary::bus {

namespace {

constexpr std::size_t page_events = 64;
constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
// Then others have their turn; sooner where so many rounds' events were looked at, told or not: passing over 2,000 that
// he does not want costs as much as telling them.
constexpr int rounds_of_a_turn = 8;
constexpr int rounds_at_the_end = 64;
constexpr std::uint64_t nearby = 256;  // events: the journal has many more than these in memory
constexpr Duration read_again_after = std::chrono::seconds{1};

}  // namespace

EventPump::EventPump(Loop& loop, ReadingLine& line, Journal const& journal, std::uint64_t const& published,
                     UniqueFd socket, std::unique_ptr<EventForm> form, PumpSettings settings,
                     std::function<void(End)> ended)
    : loop_{loop},
      line_{line},
      journal_{journal},
      published_{published},
      socket_{std::move(socket)},
      form_{std::move(form)},
      settings_{std::move(settings)},
      ended_{std::move(ended)},
      after_{settings_.after},
      told_{settings_.after},
      self_{std::make_shared<EventPump*>(this)} {
    add(std::exchange(settings_.greeting, {}));
    readable_ = loop_.watch(socket_.get(), Readiness::readable, [this] { listen(); });
    wake();
}

// He has nothing to say to us. Where he may all the same, only his going is the end.
void EventPump::listen() {
    std::array<char, 4096> said{};
    auto const got = ::recv(socket_.get(), said.data(), said.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (!settings_.may_speak || got < 0 || (got == 0 && hung_up())) {
        end(End::closed);
    } else if (got == 0) {  // from now on it would always be readable
        readable_.reset();
    }
}

// Both directions are closed.
auto EventPump::hung_up() const -> bool {
    pollfd state{socket_.get(), 0, 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

void EventPump::end_if_gone() {
    if (!readable_ && hung_up()) {
        end(End::closed);
    }
}

void EventPump::wake() {
    if (scheduled_ || writable_ || over_) {
        return;
    }
    scheduled_ = true;
    auto const reads = is_far_behind() ? Reads::anything : Reads::nearby;
    auto go_on = [self = std::weak_ptr{self_}, reads] {
        auto const here = self.lock();
        if (here) {
            (*here)->scheduled_ = false;
            (*here)->run(rounds_of_a_turn, reads);
        }
        return here != nullptr;
    };
    if (reads == Reads::anything) {
        line_.join(std::move(go_on));
    } else {
        loop_.post(std::move(go_on));
    }
}

auto EventPump::is_far_behind() const -> bool {
    return after_ + nearby < published_;
}

void EventPump::tell_what_is_taken() {
    run(rounds_at_the_end, Reads::anything);
}

void EventPump::run(int rounds, Reads reads) {
    auto const enough = after_ + static_cast<std::uint64_t>(rounds) * page_events;
    for (int round = 0;; ++round) {
        if (over_ || !flush()) {
            return;
        }
        if (last_words_) {
            end(End::truncated);
            return;
        }
        if (round == rounds || after_ >= enough || (reads == Reads::nearby && is_far_behind())) {
            break;
        }
        if (!refill()) {
            return;
        }
    }
    wake();
}

// True: the chunk is written.
auto EventPump::flush() -> bool {
    while (next_ < chunk_.size()) {
        auto const& text = chunk_[next_];
        auto const sent =
            ::send(socket_.get(), text.data() + offset_, text.size() - offset_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) {
                end(End::closed);
            } else if (last_try_) {
                end(End::stalled);
            } else {
                wait_for_room();
            }
            return false;
        }
        last_try_ = false;
        patience_.reset();
        offset_ += static_cast<std::size_t>(sent);
        if (offset_ == text.size()) {
            ++next_;
            offset_ = 0;
        }
    }
    writable_.reset();
    chunk_ = {};
    next_ = chunk_bytes_ = 0;
    return true;
}

void EventPump::wait_for_room() {
    if (!writable_) {
        try {
            writable_ =
                loop_.watch(socket_.get(), Readiness::writable, [this] { run(rounds_of_a_turn, Reads::nearby); });
        } catch (std::system_error const&) {  // no descriptor is left: he comes again, from where he is
            end(End::closed);
            return;
        }
    }
    if (!patience_ && settings_.patience > Duration::zero()) {
        // A socket counts as writable only when most of it is free: he may have read, and there may be room.
        patience_ = loop_.after(settings_.patience, [this] {
            patience_.reset();
            last_try_ = true;
            run(rounds_of_a_turn, Reads::nearby);
        });
    }
}

void EventPump::add(std::string text) {
    if (!text.empty()) {
        chunk_bytes_ += text.size();
        if (settings_.packets || chunk_.empty()) {
            chunk_.push_back(std::move(text));
        } else {
            chunk_.back() += text;
        }
    }
}

// True: there is something to write, or to read on.
auto EventPump::refill() -> bool {
    auto const limit = published_;
    if (after_ < limit) {
        auto const page = journal_.read(
            after_, page_events, [&](Event const& event) { return event.seq <= limit && settings_.wanted(event); });
        if (page.truncated) {
            std::string text;
            form_->truncated(page.oldest, text);
            add(std::move(text));
            last_words_ = true;
            return true;
        }
        auto const before = after_;
        fill_from(page, limit);
        if (after_ == before) {  // the journal cannot be read right now
            retry_ = loop_.after(read_again_after, [this] { wake(); });
            return false;
        }
        if (after_ < limit || !chunk_.empty()) {
            return true;
        }
    }
    if (position_is_due()) {
        std::string text;
        form_->through(after_, text);
        add(std::move(text));
        told_ = after_;
        return !chunk_.empty();
    }
    return false;
}

// A page may be more than a chunk: the rest of it is read again.
void EventPump::fill_from(Journal::Page const& page, std::uint64_t limit) {
    for (auto const* event : page.events) {
        if (chunk_bytes_ >= chunk_bytes) {
            return;
        }
        std::string text;
        form_->event(*event, text);
        add(std::move(text));
        after_ = told_ = event->seq;
    }
    after_ = std::max(after_, std::min(page.complete_through, limit));
}

// Once at the first end of the journal; later only where events were passed over, and not for each of them.
auto EventPump::position_is_due() -> bool {
    if (!settings_.tells_position) {
        return false;
    }
    if (!std::exchange(caught_up_once_, true)) {
        return true;
    }
    if (told_ < after_ && !position_) {
        position_ = loop_.after(settings_.position_interval, [this] {
            position_.reset();
            if (told_ < after_) {
                caught_up_once_ = false;
                wake();
            }
        });
    }
    return false;
}

void EventPump::end(End how) {
    if (std::exchange(over_, true)) {
        return;
    }
    auto const ended = std::move(ended_);
    ended(how);
}

}  // namespace apiary::bus

// Carries events from the journal to one reader.
#include "bus/event_pump.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace apiary::bus {

namespace {

constexpr std::size_t page_events = 64;
constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
constexpr int rounds_of_a_turn = 8;  // then others have their turn
constexpr int rounds_at_the_end = 64;
constexpr Duration read_again_after = std::chrono::seconds{1};

}  // namespace

EventPump::EventPump(Loop& loop, Journal const& journal, std::uint64_t const& published, UniqueFd socket,
                     std::unique_ptr<EventForm> form, PumpSettings settings, std::function<void(End)> ended)
    : loop_{loop},
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

// He has nothing to say to us: whatever comes from there is the end, his going first of all.
void EventPump::listen() {
    char byte = 0;
    auto const got = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT);
    if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        end(End::closed);
    }
}

void EventPump::wake() {
    if (scheduled_ || writable_ || over_) {
        return;
    }
    scheduled_ = true;
    loop_.post([self = std::weak_ptr{self_}] {
        if (auto const here = self.lock()) {
            (*here)->scheduled_ = false;
            (*here)->run(rounds_of_a_turn);
        }
    });
}

void EventPump::tell_what_is_taken() {
    run(rounds_at_the_end);
}

void EventPump::run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
        if (over_ || !flush()) {
            return;
        }
        if (last_words_) {
            end(End::truncated);
            return;
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
            writable_ = loop_.watch(socket_.get(), Readiness::writable, [this] { run(rounds_of_a_turn); });
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
            run(rounds_of_a_turn);
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

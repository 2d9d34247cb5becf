// Task<T>: a coroutine that starts when it is awaited and hands its result to the one who awaits it.
//
// Why not asio::awaitable: the lifecycle engine must run under a fake clock with no Asio in sight, and needs none of
// its cancellation (a VM's coroutine is never cancelled; only its current wait is). This is all that is left to need.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace apiary {

template <typename T>
class Task;

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr error;

    struct Final {
        auto await_ready() noexcept -> bool { return false; }
        template <typename Promise>
        auto await_suspend(std::coroutine_handle<Promise> self) noexcept -> std::coroutine_handle<> {
            return self.promise().continuation;
        }
        void await_resume() noexcept {}
    };
    auto initial_suspend() noexcept -> std::suspend_always { return {}; }
    auto final_suspend() noexcept -> Final { return {}; }
    void unhandled_exception() { error = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
    std::optional<T> value;
    auto get_return_object() -> Task<T>;
    void return_value(T result) { value.emplace(std::move(result)); }
};

template <>
struct Promise<void> : PromiseBase {
    auto get_return_object() -> Task<void>;
    void return_void() {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    Task() = default;
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
    Task(Task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
    auto operator=(Task&& other) noexcept -> Task& {
        if (this != &other) {
            destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    Task(Task const&) = delete;
    auto operator=(Task const&) -> Task& = delete;
    ~Task() { destroy(); }

    // For the outermost task: runs it to its first suspension.
    void start() { handle_.resume(); }
    [[nodiscard]] auto done() const -> bool { return !handle_ || handle_.done(); }
    explicit operator bool() const { return static_cast<bool>(handle_); }
    void rethrow() const {
        if (handle_ && handle_.promise().error) {
            std::rethrow_exception(handle_.promise().error);
        }
    }

    auto operator co_await() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> handle;
            auto await_ready() noexcept -> bool { return false; }
            auto await_suspend(std::coroutine_handle<> awaiting) noexcept -> std::coroutine_handle<> {
                handle.promise().continuation = awaiting;
                return handle;
            }
            auto await_resume() -> T {
                if (handle.promise().error) {
                    std::rethrow_exception(handle.promise().error);
                }
                if constexpr (!std::is_void_v<T>) {
                    return std::move(*handle.promise().value);
                }
            }
        };
        return Awaiter{handle_};
    }

private:
    void destroy() {
        if (handle_) {
            std::exchange(handle_, nullptr).destroy();
        }
    }
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <typename T>
auto Promise<T>::get_return_object() -> Task<T> {
    return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}

inline auto Promise<void>::get_return_object() -> Task<void> {
    return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

}  // namespace detail
}  // namespace apiary

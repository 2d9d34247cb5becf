// The generated proxies, for calls alone: without registerProxy() they listen to no signal.
#pragma once

#include "apiary_introspection/Agents-proxy.hpp"
#include "apiary_introspection/Job-proxy.hpp"
#include "apiary_introspection/Journal-proxy.hpp"
#include "apiary_introspection/Manager-proxy.hpp"
#include "apiary_introspection/Plugin-proxy.hpp"
#include "apiary_introspection/VM-proxy.hpp"
#include "ctl/bus_link.hpp"

namespace apiary::ctl {

class ManagerCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Manager_proxy> {
public:
    explicit ManagerCalls(BusLink& link) : ProxyInterfaces{link.connection(), link.owner(), root_path} {}

private:
    void onEvent(std::uint64_t const&, std::string const&, std::uint64_t const&, std::string const&,
                 Dictionary const&) override {}
    void onJobNew(std::uint64_t const&, sdbus::ObjectPath const&, std::string const&, std::string const&) override {}
    void onJobEnded(std::uint64_t const&, sdbus::ObjectPath const&, std::string const&, std::string const&) override {}
    void onSignalsLost(std::uint64_t const&, std::uint64_t const&) override {}
    void onSubscriptionEnded(std::string const&) override {}
};

class VmCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::VM_proxy, sdbus::Properties_proxy> {
public:
    VmCalls(BusLink& link, std::string const& path) : ProxyInterfaces{link.connection(), link.owner(), path} {}

private:
    void onEvent(std::uint64_t const&, std::uint64_t const&, std::string const&, std::uint64_t const&,
                 std::string const&, std::string const&, std::string const&, std::string const&, std::string const&,
                 Dictionary const&) override {}
    void onPropertiesChanged(std::string const&, Dictionary const&, Strings const&) override {}
};

class JobCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Job_proxy, sdbus::Properties_proxy> {
public:
    JobCalls(BusLink& link, std::string const& path) : ProxyInterfaces{link.connection(), link.owner(), path} {}

private:
    void onPropertiesChanged(std::string const&, Dictionary const&, Strings const&) override {}
};

class PluginCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Plugin_proxy, sdbus::Properties_proxy> {
public:
    PluginCalls(BusLink& link, std::string const& path) : ProxyInterfaces{link.connection(), link.owner(), path} {}

private:
    void onPropertiesChanged(std::string const&, Dictionary const&, Strings const&) override {}
};

class AgentsCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Agents_proxy> {
public:
    explicit AgentsCalls(BusLink& link) : ProxyInterfaces{link.connection(), link.owner(), root_path} {}
};

class JournalCalls final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Journal_proxy> {
public:
    explicit JournalCalls(BusLink& link) : ProxyInterfaces{link.connection(), link.owner(), root_path} {}
};

}  // namespace apiary::ctl

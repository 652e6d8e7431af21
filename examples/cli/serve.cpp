// SPDX-License-Identifier: BSL-1.0
#include "cli.hpp"

#if defined(COSTEXPR_HAS_HTTPLIB)

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include <csignal>
#include <pthread.h>

namespace cli {

namespace {

constexpr char const* host = "127.0.0.1";

/// The layer lists of the embedded models, the smallest first.
std::vector<written_list> embedded_lists() {
    std::vector<written_list> lists;
    for (std::size_t i = 0; i != cx::embedded::model_count; ++i) {
        auto const m = load_model(std::string(cx::embedded::models[i].name));
        if (!m) continue;
        if (auto const list = write_layers(*m)) lists.push_back(*list);
    }
    std::sort(lists.begin(), lists.end(), [](auto const& a, auto const& b) { return a.total_params != b.total_params ? a.total_params < b.total_params : a.id < b.id; });
    return lists;
}

void answer(httplib::Response& to, std::string const& text) { to.set_content(text + "\n", "application/json"); }

void refuse(httplib::Response& to, int status, std::string code, std::string message) {
    std::string text;
    json_writer out(text);
    out.begin_object();
    write_errors(out, {simple_complaint(std::move(code), "", std::move(message))});
    out.end_object();
    to.status = status;
    answer(to, text);
}

bool is_id(std::string const& id) {
    return !id.empty() && id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
}

}  // namespace

int serve(int port) {
    // Signals wait for the thread that stops the server; all threads inherit the mask.
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);

    auto const lists = embedded_lists();
    std::string index;
    json_writer out(index, 2);
    out.begin_array();
    for (auto const& l : lists) out.begin_object().member("id", l.id).member("name", l.name).member("total_params", l.total_params).end_object();
    out.end_array();

    httplib::Server server;
    // its default lets two servers share a port
    server.set_socket_options([](socket_t s) {
        int const yes = 1;
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server.set_keep_alive_timeout(1);  // a connection that says nothing holds up the stop for so many seconds at most
    server.Get("/models", [&](httplib::Request const&, httplib::Response& to) { answer(to, index); });
    server.Get("/models/(.*)", [&](httplib::Request const& request, httplib::Response& to) {
        std::string const id = request.matches[1];
        if (!is_id(id)) return refuse(to, 400, "ill_formed", "the id is ill-formed (expected letters, digits, '.', '_' and '-')");
        auto const found = std::find_if(lists.begin(), lists.end(), [&](auto const& l) { return l.id == id; });
        if (found == lists.end()) return refuse(to, 404, "unknown_model", fmt::format("there is no such model (expected an id that GET /models lists, found \"{}\")", id));
        answer(to, found->text);
    });
    server.set_error_handler([](httplib::Request const&, httplib::Response& to) {
        if (!to.body.empty()) return;
        refuse(to, to.status, to.status == 404 ? "unknown_route" : "bad_request", to.status == 404 ? "there is nothing here (expected GET /models or GET /models/{id})" : "the request cannot be answered");
    });

    int const bound = port != 0 ? (server.bind_to_port(host, port) ? port : -1) : server.bind_to_any_port(host);
    if (bound < 0) return report({simple_complaint("port_in_use", "serve", fmt::format("cannot listen on {}:{} (expected a port that is free)", host, port))}, false);
    fmt::print("costexpr: {} models at http://{}:{}/models\n", lists.size(), host, bound);
    std::fflush(stdout);

    std::atomic<bool> done = false;
    std::thread stopper([&] {
        int received = 0;
        sigwait(&stops, &received);
        // a signal may come before the server listens, and a server that does not listen yet cannot be stopped
        while (!done && !server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (!done) server.stop();
    });
    bool const stopped = server.listen_after_bind();
    done = true;
    // where listening failed by itself, nobody has sent the signal that the other thread waits for
    pthread_kill(stopper.native_handle(), SIGTERM);
    stopper.join();
    return stopped ? 0 : 1;
}

}  // namespace cli

#else

namespace cli {

int serve(int) {
    return report({simple_complaint("not_built", "serve", "this program was built without cpp-httplib (expected libcpp-httplib-dev when it was configured, found nothing)")}, false);
}

}  // namespace cli

#endif

// apiaryctl jobs, cancel
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/hints.hpp"
#include "ctl/json_out.hpp"
#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto colour_of_result(std::string_view result) -> Colour {
    if (result == "done") {
        return Colour::green;
    }
    return result == "running" ? Colour::yellow : Colour::red;
}

auto table_of(JobPage const& page, Style const& style) -> std::string {
    Table table{{{.title = "JOB", .right = true},
                 {.title = "COMMAND"},
                 {.title = "VM", .shrink = true},
                 {.title = "RESULT"},
                 {.title = "DONE", .right = true, .spare = true},
                 {.title = "STAGE", .shrink = true, .spare = true}}};
    for (auto const& job : page.jobs) {
        table.add({{.text = std::to_string(job.id)},
                   {.text = job.command},
                   {.text = job.vm},
                   {.text = job.result, .colour = colour_of_result(job.result)},
                   {.text = percent_text(job.progress)},
                   {.text = job.stage}});
    }
    return table.text(style);
}

}  // namespace

auto jobs(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& out = context.output.out;
    for (auto const& name : asked.vms) {
        static_cast<void>(find_vm(*client, name));  // a mistyped name is no VM without jobs
    }
    auto const page = all_jobs(*client, asked.vms);
    if (asked.json) {
        out << jobs_json(page) << '\n';
    } else if (asked.names_only) {
        for (auto const& job : page.jobs) {
            if (job.result == "running") {
                out << job.id << '\n';
            }
        }
    } else if (page.jobs.empty()) {
        if (!asked.quiet) {
            context.output.err
                << "No job runs, and none has ended within the last minute. Older ones: apiaryctl events "
                   "--type job-end\n";
        }
    } else {
        out << table_of(page, context.output.out_style);
    }
    return ExitCode::ok;
}

auto cancel(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    auto code = ExitCode::ok;
    std::vector<CancelResult> results;
    for (auto const id : asked.jobs) {
        auto& result = results.emplace_back();
        result.job = id;
        try {
            client->cancel(job_path(id));
            if (!asked.json) {
                output.out << "job " << id << ": asked to end\n";
            }
        } catch (Failure const& failure) {
            result.error = failure.what();
            result.error_name = failure.error_name();
            code = code == ExitCode::ok ? failure.code() : code;
            bool const gone = failure.code() == ExitCode::not_found;
            tell_failure(output, "job " + std::to_string(id),
                         gone ? "there is no such job that you may see, or it ended long ago" : failure.what(),
                         gone ? "'apiaryctl jobs' shows those that there are." : hint_for(failure.error_name(), {}));
        }
    }
    if (asked.json) {
        output.out << cancel_json(results) << '\n';
    }
    return code;
}

}  // namespace apiary::ctl

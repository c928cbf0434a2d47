#![forbid(unsafe_code)]
//! The cos command: sign, sts, policy, transfers, emulator, broker and demo.

mod cli;
mod commands;
mod connect;
mod exit;
mod global;
mod input;
mod interrupt;
mod logging;
mod output;
mod progress;
mod state;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::exit::{Exit, Failure, Result};
use crate::interrupt::Interrupt;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let output = Output {
        json: cli.global.json,
        progress: !cli.global.no_progress,
    };
    logging::start(cli.global.verbose);
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&output, &failure),
    }
}

fn run(cli: Cli, output: Output) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::internal(format!("cannot start threads: {e}")))?;
    let done = runtime.block_on(async {
        let interrupt = Interrupt::listen()?;
        commands::run(cli, output, interrupt).await
    });
    // Reads of a terminal or a dead disk must not keep a finished command alive.
    runtime.shutdown_background();
    done
}

fn report(output: &Output, failure: &Failure) -> ExitCode {
    if failure.is_silent() {
        return ExitCode::from(failure.exit() as u8);
    }
    output.note(format!("cos: {failure}"));
    if output.json {
        // The status tells it all if stdout is gone.
        let _ = output.json(&failure.to_json());
    }
    ExitCode::from(failure.exit() as u8)
}

/// Help and version are no mistakes; everything else is wrong usage.
fn misused(error: &clap::Error) -> ExitCode {
    let wants_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let _ = error.print();
    if wants_help {
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|a| a == "--json") {
        let message = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".into(),
            _ => in_one_line(&error.to_string()),
        };
        let output = Output {
            json: true,
            progress: false,
        };
        let usage = Failure::usage(message).hint("the option --help shows how it is used");
        let _ = output.json(&usage.to_json());
    }
    ExitCode::from(Exit::Usage as u8)
}

/// What clap says is wrong, with the arguments it lists, without usage and advice.
fn in_one_line(text: &str) -> String {
    let said = text.lines().map(str::trim).take_while(|l| !l.is_empty());
    let mut lines: Vec<_> = said.collect();
    if lines.is_empty() {
        lines.push("wrong usage");
    }
    let text = lines.join(" ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

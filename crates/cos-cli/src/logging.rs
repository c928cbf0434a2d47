//! `-v` and `-vv`: what our own crates say, on stderr.

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Starts logging. Other crates stay silent: an HTTP library's debug text may show headers.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let ours = ["cos", "cos_client", "cos_sts", "cos_broker", "cos_emulator"];
    let filter = ours.iter().fold(EnvFilter::new("off"), |filter, name| {
        match format!("{name}={level}").parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        }
    });
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .without_time()
        .init();
}

//! `cos completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Context;
use crate::cli::Cli;
use crate::exit::Result;
use crate::output;

/// Options of `cos completions`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  cos completions bash > ~/.local/share/bash-completion/completions/cos"
)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    #[allow(clippy::unnecessary_wraps, reason = "every command has the same form")]
    pub(super) fn run(self, _cx: &Context) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "cos", &mut script);
        output::raw(&script)
    }
}

//! One file per command.

pub(crate) mod broker;
pub(crate) mod bucket;
pub(crate) mod cat;
pub(crate) mod completions;
pub(crate) mod cp;
pub(crate) mod demo;
pub(crate) mod emulator;
pub(crate) mod ls;
pub(crate) mod mv;
pub(crate) mod policy;
pub(crate) mod post_policy;
pub(crate) mod presign;
pub(crate) mod rm;
pub(crate) mod sign;
pub(crate) mod stat;
pub(crate) mod sts;
pub(crate) mod sync;
mod tree;
pub(crate) mod uploads;
pub(crate) mod verify;

use crate::cli::{Cli, Command};
use crate::exit::Result;
use crate::global::GlobalOptions;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: GlobalOptions,
    pub(crate) output: Output,
    pub(crate) interrupt: Interrupt,
}

/// Runs one command. Those that have to tidy up watch the interrupt themselves; the others are just dropped.
pub(crate) async fn run(cli: Cli, output: Output, interrupt: Interrupt) -> Result {
    let context = Context {
        global: cli.global,
        output,
        interrupt: interrupt.clone(),
    };
    let cx = &context;
    match cli.command {
        Command::Demo(c) => c.run(cx).await,
        Command::Cp(c) => c.run(cx).await,
        Command::Sync(c) => c.run(cx).await,
        Command::Mv(c) => c.run(cx).await,
        Command::Broker(c) => c.run(cx).await,
        Command::Emulator(c) => c.run(cx).await,
        Command::Sign(c) => interrupt.or(c.run(cx)).await,
        Command::Presign(c) => interrupt.or(c.run(cx)).await,
        Command::PostPolicy(c) => interrupt.or(c.run(cx)).await,
        Command::Verify(c) => interrupt.or(c.run(cx)).await,
        Command::Sts(c) => interrupt.or(c.run(cx)).await,
        Command::Ls(c) => interrupt.or(c.run(cx)).await,
        Command::Stat(c) => interrupt.or(c.run(cx)).await,
        Command::Cat(c) => interrupt.or(c.run(cx)).await,
        Command::Rm(c) => interrupt.or(c.run(cx)).await,
        Command::Uploads(c) => interrupt.or(c.run(cx)).await,
        Command::Mb(c) => interrupt.or(c.run(cx)).await,
        Command::Rb(c) => interrupt.or(c.run(cx)).await,
        Command::Policy(c) => c.run(cx),
        Command::Completions(c) => c.run(cx),
    }
}

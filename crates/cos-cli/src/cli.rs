//! The commands and where their options are.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::global::GlobalOptions;

/// Temporary-credential access to Tencent Cloud COS: sign, transfer, emulate, serve.
#[derive(Parser, Debug)]
#[command(
    name = "cos",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Example, with nothing configured:\n  cos demo\n\n\
Exit status: 0 done, 1 the service or the policy said no, 2 wrong usage, 3 network, 4 local file,\n\
5 integrity, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One job.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// The whole five-step flow on this machine, with nothing configured
    Demo(commands::demo::Demo),
    /// Print the Authorization value of a request
    Sign(commands::sign::Sign),
    /// Print a URL that carries its own signature
    Presign(commands::presign::Presign),
    /// Print the form fields of a browser upload
    PostPolicy(commands::post_policy::PostPolicy),
    /// Check a signature made by anyone, and say what is wrong with it
    Verify(commands::verify::Verify),
    /// Ask STS for temporary credentials
    #[command(subcommand)]
    Sts(commands::sts::Sts),
    /// Build and check policies
    #[command(subcommand)]
    Policy(commands::policy::PolicyCommand),
    /// Copy a file to COS, an object to a file, or an object to another; -r for folders
    Cp(commands::cp::Cp),
    /// Bring a folder or prefix to what another is, moving only what differs
    Sync(commands::sync::Sync),
    /// Move a file to COS, an object to a file, or an object to another
    Mv(commands::mv::Mv),
    /// List objects
    Ls(commands::ls::Ls),
    /// Show what is known about an object
    Stat(commands::stat::Stat),
    /// Print an object's content
    Cat(commands::cat::Cat),
    /// Delete an object; -r for all below a prefix
    Rm(commands::rm::Rm),
    /// Uploads in parts that were begun and not completed
    #[command(subcommand)]
    Uploads(commands::uploads::Uploads),
    /// Make a bucket
    Mb(commands::bucket::MakeBucket),
    /// Remove an empty bucket
    Rb(commands::bucket::RemoveBucket),
    /// Run a local STS, CAM and COS
    Emulator(commands::emulator::EmulatorCommand),
    /// Run the owner's server, which gives app users temporary credentials
    Broker(commands::broker::BrokerCommand),
    /// Print a completion script for a shell
    Completions(commands::completions::Completions),
}

//! The command line `mien`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mien_trainer::cli::main()
}

//! Results on stdout. Unlike `println!`, this does not panic when nobody reads on.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process;

/// Prints on stdout.
macro_rules! out {
    ($($text:tt)*) => { crate::cli::output::write(format_args!($($text)*)) };
}

/// Prints a line on stdout.
macro_rules! outln {
    () => { out!("\n") };
    ($($text:tt)*) => { out!("{}\n", format_args!($($text)*)) };
}

/// Writes to stdout, or ends the process.
pub fn write(text: fmt::Arguments<'_>) {
    match io::stdout().write_fmt(text) {
        Ok(()) => {}
        // Whoever reads has enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            eprintln!("error: cannot write the results: {error}");
            process::exit(1);
        }
    }
}

//! Cuts the page's program at the functions marked `wasm_split`: what only such a function needs
//! becomes a wasm file of its own, which the page fetches when it first calls the function.

use std::fmt::Write;
use std::fs;

use anyhow::{Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

/// What the linker has to be told, for the cuts are made where it resolved addresses.
pub const LINK_ARGUMENT: &str = "link-arg=--emit-relocs";
/// The module from which the main program imports the functions that fetch parts; it exists only
/// while the files are made.
const LOADERS: &str = "./__mien_parts.js";

/// A program in parts.
pub struct Split {
    /// What starts the page.
    pub main: Vec<u8>,
    /// The rest.
    pub parts: Vec<Part>,
    /// JavaScript that fetches parts: a module, to be joined with the main program's.
    loaders: String,
}

/// One file of the rest.
pub struct Part {
    /// Of the asset, such as `parts/live.wasm`.
    pub name: String,
    pub wasm: Vec<u8>,
    /// By which the loaders know it.
    file: String,
}

/// Cuts a program that was linked with [`LINK_ARGUMENT`].
pub fn split(wasm: &[u8]) -> Result<Split> {
    let folder = tempfile::tempdir()?;
    let main = folder.path().join("main.wasm");
    let mut options = Options::new(wasm);
    options.output_dir = folder.path();
    options.main_out_path = &main;
    options.link_name = LOADERS;
    let made =
        transform(options).map_err(|error| anyhow!("could not split the page: {error:?}"))?;
    let mut parts = Vec::new();
    for path in made.split_modules {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        parts.push(Part {
            name: format!("parts/{}", file.trim_start_matches("split_")),
            wasm: fs::read(&path)?,
            file: file.into_owned(),
        });
    }
    parts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Split {
        main: fs::read(main)?,
        parts,
        loaders: fs::read_to_string(folder.path().join(LOADERS))?,
    })
}

impl Split {
    /// The main program's JavaScript with the loaders in it, as one module: two that import each
    /// other could not both be named by their content. Parts are named as `asset:` in it.
    pub fn join(&self, js: &str) -> Result<String> {
        let mut body = String::new();
        let mut exports = Vec::new();
        for line in self.loaders.lines() {
            if line.starts_with("import ") {
                // Of the main program, whose functions are in scope.
                continue;
            }
            let line = match line.strip_prefix("export const ") {
                Some(rest) => {
                    exports.push(rest.split_whitespace().next().unwrap_or_default());
                    &format!("const {rest}")
                }
                None => line,
            };
            body.push_str(line);
            body.push('\n');
        }
        for part in &self.parts {
            let quoted = format!("\"./{}\"", part.file);
            ensure!(body.contains(&quoted), "no loader fetches {}", part.file);
            body = body.replace(&quoted, &format!("\"asset:{}\"", part.name));
        }
        let exports = exports.join(", ");
        let loaders = format!("const parts = (() => {{\n{body}return {{ {exports} }};\n}})();\n");
        // One import for each function.
        let mut imports = 0;
        let mut joined = loaders;
        for line in js.lines() {
            let name = line
                .strip_prefix("import * as ")
                .filter(|rest| rest.contains(LOADERS))
                .and_then(|rest| rest.split_whitespace().next());
            if let Some(name) = name {
                imports += 1;
                writeln!(joined, "const {name} = parts;")?;
            } else {
                writeln!(joined, "{line}")?;
            }
        }
        ensure!(
            imports > 0,
            "the page's JavaScript does not import the loaders of its parts"
        );
        Ok(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_in_two() -> Split {
        Split {
            main: Vec::new(),
            parts: vec![Part {
                name: "parts/live.wasm".into(),
                wasm: Vec::new(),
                file: "split_live.wasm".into(),
            }],
            loaders: [
                "import { initSync } from \"./main.js\";",
                "const fetcher = () => fetch(new URL(\"./split_live.wasm\", import.meta.url));",
                "export const load_live = wrap(fetcher);",
            ]
            .join("\n"),
        }
    }

    #[test]
    fn loaders_become_part_of_the_main_module() {
        let js = format!(
            "import * as a from \"{LOADERS}\"\nimport * as b from \"{LOADERS}\"\nstart(a, b);\n"
        );
        let joined = split_in_two().join(&js).expect("joined");
        assert_eq!(
            joined,
            [
                "const parts = (() => {",
                "const fetcher = () => fetch(new URL(\"asset:parts/live.wasm\", import.meta.url));",
                "const load_live = wrap(fetcher);",
                "return { load_live };",
                "})();",
                "const a = parts;",
                "const b = parts;",
                "start(a, b);",
                "",
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_module_that_does_not_load_its_parts_is_refused() {
        assert!(split_in_two().join("start();").is_err());
    }
}

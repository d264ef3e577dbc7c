//! The page's texts are read while it is compiled, by a macro whose files cargo does not see.

fn main() {
    println!("cargo::rerun-if-changed=locales");
}

//! What building and testing need, installed where it is missing.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{command, find, run};

/// Names under which systems install Chromium or its like.
const CHROMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Names under which systems install Firefox.
const FIREFOXES: [&str; 2] = ["firefox-esr", "firefox"];
/// Where macOS keeps Chrome.
const MAC_CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
/// Where Linux lists its Vulkan drivers.
const VULKAN_DRIVERS: [&str; 3] = [
    "/usr/share/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
];

/// The standard library of a compilation target.
pub fn wasm_target(target: &str) -> Result<()> {
    let output = command("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .context("could not start rustc")?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    println!("Adding the compilation target {target}");
    run(command("rustup").args(["target", "add", target]))
        .with_context(|| format!("install Rust's {target} target, for instance through rustup"))
}

/// Node with npm, for the browser tests.
pub fn node() -> Result<()> {
    if find("node").is_some() && find("npm").is_some() {
        return Ok(());
    }
    install(&["nodejs", "npm"]).context("the browser tests need node (20 or later) and npm")
}

/// The browser that tests drive: `CHROME`, or one that is installed.
pub fn chrome() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROME") {
        return Ok(path.into());
    }
    let installed = || {
        CHROMES
            .into_iter()
            .find_map(find)
            .or_else(|| Some(PathBuf::from(MAC_CHROME)).filter(|path| path.is_file()))
    };
    if let Some(path) = installed() {
        return Ok(path);
    }
    install(&["chromium"])
        .context("the browser tests need Chromium or Chrome; set CHROME to its path")?;
    installed().context("Chromium was installed, but is not on PATH; set CHROME to its path")
}

/// The Firefox that tests drive: `FIREFOX`, or one that is installed. None is not a fault: those
/// tests skip and say so.
pub fn firefox() -> Option<PathBuf> {
    env::var_os("FIREFOX").map(PathBuf::from).or_else(|| {
        let mut installed = FIREFOXES.into_iter().filter_map(find);
        installed.find(|path| !is_snap(path))
    })
}

/// Whether a program comes from a snap, which sees no profile in the folder for temporary files:
/// then it, or what stands in for it, leads to `/snap`.
fn is_snap(program: &Path) -> bool {
    const START: u64 = 4096;
    let leads = |text: &[u8]| text.windows(5).any(|part| part == b"/snap");
    let mut start = Vec::new();
    let read = fs::File::open(program).and_then(|file| file.take(START).read_to_end(&mut start));
    let place = fs::canonicalize(program).unwrap_or_default();
    read.is_err() || leads(&start) || leads(place.as_os_str().as_encoded_bytes())
}

/// A software Vulkan driver, so that the native WebGPU tests run without a graphics card. Where
/// it can't be had, those tests skip and say so.
pub fn vulkan() {
    let is_known = |folder: &&str| {
        Path::new(folder)
            .read_dir()
            .is_ok_and(|mut list| list.next().is_some())
    };
    if !cfg!(target_os = "linux") || VULKAN_DRIVERS.iter().any(is_known) {
        return;
    }
    if let Err(error) = install(&["libvulkan1", "mesa-vulkan-drivers"]) {
        println!("No Vulkan driver: native WebGPU tests will be skipped ({error:#})");
    }
}

/// Packages of `tests/browser`, as its lock file has them.
pub fn npm_packages(folder: &Path) -> Result<()> {
    // npm writes this file when an installation is complete.
    let installed = folder.join("node_modules/.package-lock.json");
    let lock = folder.join("package-lock.json");
    let time = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if time(&installed).is_some_and(|installed| Some(installed) >= time(&lock)) {
        return Ok(());
    }
    run(command("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder))
}

/// Installs packages through the system's package manager.
fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if find("apt-get").is_none() {
        bail!("install {list} with your system's package manager, then try again");
    }
    println!("Installing {list}");
    run(apt_get()?.arg("update"))?;
    run(apt_get()?
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
    .with_context(|| format!("could not install {list}; install them yourself, then try again"))
}

fn apt_get() -> Result<Command> {
    let is_root = command("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0"));
    let mut command = if is_root {
        command("apt-get")
    } else if find("sudo").is_some() {
        let mut sudo = command("sudo");
        sudo.arg("apt-get");
        sudo
    } else {
        bail!("installing packages needs root or sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_from_a_snap_is_told_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("firefox");
        fs::write(&program, "#!/bin/sh\nexec /snap/bin/firefox \"$@\"\n").unwrap();
        assert!(is_snap(&program));
        fs::write(&program, "#!/bin/sh\nexec firefox-esr \"$@\"\n").unwrap();
        assert!(!is_snap(&program));
        assert!(is_snap(&folder.path().join("missing")));
    }
}

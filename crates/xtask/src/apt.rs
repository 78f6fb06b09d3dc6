//! Debian packages: whether this machine can install them, and doing so without leaving halves.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::process::{self, Watched};
use crate::progress::Progress;

/// What is to be known of packages besides their names.
pub(crate) struct Needs<'a> {
    /// What they are, for people.
    pub(crate) what: &'a str,
    /// Free space that downloading and unpacking them takes, in KiB, with some room.
    pub(crate) space_kib: u64,
    /// What to do where the package lists do not know one.
    pub(crate) advice: &'a str,
}

/// What keeps packages from being installed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The system has no apt.
    NotDebian,
    /// The user is not root.
    NotRoot,
}

/// Why this user cannot install packages on this machine, or nothing.
pub(crate) fn obstacle() -> Option<Obstacle> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let root = process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    judge(
        is_debian(&release) && process::capture(Command::new("apt-get").arg("--version")).is_ok(),
        root,
    )
}

fn judge(apt: bool, root: bool) -> Option<Obstacle> {
    match (apt, root) {
        (false, _) => Some(Obstacle::NotDebian),
        (true, false) => Some(Obstacle::NotRoot),
        (true, true) => None,
    }
}

/// Whether an `/etc/os-release` is that of Debian or a derivative.
fn is_debian(release: &str) -> bool {
    release.lines().any(|line| {
        line.split_once('=').is_some_and(|(key, value)| {
            matches!(key, "ID" | "ID_LIKE")
                && value
                    .trim_matches('"')
                    .split(' ')
                    .any(|name| matches!(name, "debian" | "ubuntu"))
        })
    })
}

/// The commands that install `packages`, as a user would type them.
pub(crate) fn command_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    )
}

/// Installs `packages`: all are downloaded and checked before the first one is unpacked.
///
/// What apt says goes to `log`; a failure quotes its end.
pub(crate) fn install(packages: &[&str], log: &Path, needs: &Needs<'_>) -> Result {
    check_space(needs)?;
    let out = File::create(log).map_err(|error| Failure::io(log, &error))?;
    let apt = Apt { log, out, packages };

    apt.step("Reading the package lists", &["update"])?;
    apt.check_known(needs)?;
    let mut download = vec![
        "install",
        "-y",
        "--no-install-recommends",
        "--download-only",
    ];
    download.extend(packages);
    apt.step("Downloading packages", &download)?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    apt.step("Installing packages", &install)
}

struct Apt<'a> {
    log: &'a Path,
    out: File,
    packages: &'a [&'a str],
}

impl Apt<'_> {
    fn step(&self, label: &str, arguments: &[&str]) -> Result {
        let mut command = Command::new("apt-get");
        command
            .args(["-q", "-o", "APT::Status-Fd=1", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8")
            .stderr(self.clone_log().map_or_else(|_| Stdio::null(), Stdio::from));
        let mut log = self.clone_log()?;
        let mut progress = Progress::new(label);
        let status = process::watch(&mut command, Watched::Stdout, |line| {
            match status_line(line) {
                Some((percent, what)) => progress.update(percent, what),
                // The log is a help when something fails, not a condition for going on.
                None => drop(writeln!(log, "{line}")),
            }
        })?;
        if status.success() {
            progress.finish("done");
            return Ok(());
        }
        progress.finish("failed");
        let unpacked = arguments.contains(&"install") && !arguments.contains(&"--download-only");
        let state = if unpacked {
            "Some packages may be unpacked but not set up; `dpkg --configure -a` completes them."
        } else {
            "Nothing was installed."
        };
        Err(Failure::new(format!(
            "`{}` failed ({status}). {state}\n{}\nThe whole output is in {}. To try by hand:\n\n    {}\n",
            process::shown(&command),
            self.tail(),
            self.log.display(),
            command_line(self.packages)
        )))
    }

    /// Fails when the package lists do not know a package, before anything is downloaded.
    fn check_known(&self, needs: &Needs<'_>) -> Result {
        let unknown: Vec<&str> = self
            .packages
            .iter()
            .filter(|package| {
                process::capture(Command::new("apt-cache").args([
                    "show",
                    "--no-all-versions",
                    package,
                ]))
                .is_err()
            })
            .copied()
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the package lists of this system have no {}. Nothing was installed.{}",
            unknown.join(", "),
            needs.advice
        )))
    }

    fn clone_log(&self) -> Result<File> {
        self.out
            .try_clone()
            .map_err(|error| Failure::io(self.log, &error))
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..]
            .iter()
            .map(|line| format!("  | {line}\n"))
            .collect()
    }
}

/// Fails when `/usr` has too little space, before anything is downloaded.
fn check_space(needs: &Needs<'_>) -> Result {
    let Ok(text) = process::capture(Command::new("df").args(["--output=avail", "-k", "/usr"]))
    else {
        return Ok(());
    };
    match text
        .lines()
        .last()
        .and_then(|line| line.trim().parse::<u64>().ok())
    {
        Some(free) if free < needs.space_kib => Err(Failure::new(format!(
            "{} needs about {} GiB below /usr, but only {:.1} GiB are free. Nothing was installed.",
            needs.what,
            needs.space_kib >> 20,
            free as f64 / f64::from(1 << 20)
        ))),
        _ => Ok(()),
    }
}

/// Reads a line of apt's status protocol: `dlstatus:1:12.5:Retrieving file 1 of 20`.
fn status_line(line: &str) -> Option<(f64, &str)> {
    let mut fields = line.splitn(4, ':');
    if !matches!(fields.next(), Some("dlstatus" | "pmstatus")) {
        return None;
    }
    let percent = fields.nth(1)?.parse().ok()?;
    Some((percent, fields.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_debian_and_derivatives() {
        assert!(is_debian("NAME=x\nID=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nNAME=\"not debian\"\n"));
    }

    #[test]
    fn root_on_debian_may_install() {
        assert_eq!(judge(true, true), None);
        assert_eq!(judge(true, false), Some(Obstacle::NotRoot));
        assert_eq!(judge(false, true), Some(Obstacle::NotDebian));
    }

    #[test]
    fn reads_the_status_protocol() {
        assert_eq!(
            status_line("dlstatus:1:12.5:Retrieving file 1 of 20"),
            Some((12.5, "Retrieving file 1 of 20"))
        );
        assert_eq!(
            status_line("pmstatus:clang-22:90:Unpacking clang-22"),
            Some((90.0, "Unpacking clang-22"))
        );
        assert_eq!(status_line("Reading package lists..."), None);
    }
}

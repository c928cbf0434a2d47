//! Where this user's interrupted transfers are remembered.

use std::path::PathBuf;

use cos_client::ResumeFolder;

use crate::exit::{Failure, Result};
use crate::global::env;

/// The resume records. `None` where there is no place for them, unless they are asked for.
pub(crate) fn resume_store(is_asked_for: bool) -> Result<Option<ResumeFolder>> {
    let made = match resume_folder() {
        Some(folder) => ResumeFolder::new(folder).map_err(Failure::from),
        None => Err(
            Failure::usage("there is no folder to remember transfers in").hint("set COS_STATE_DIR"),
        ),
    };
    match made {
        Ok(store) => Ok(Some(store)),
        Err(failure) if is_asked_for => Err(failure),
        Err(failure) => {
            tracing::info!("an interruption could not be resumed: {failure}");
            Ok(None)
        }
    }
}

/// The folder of resume records: `COS_STATE_DIR`, or the platform's place for a program's state. `None` where
/// the environment names no home.
fn resume_folder() -> Option<PathBuf> {
    let state = match env("COS_STATE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => platform_folder(&env)?.join("cos"),
    };
    Some(state.join("resume"))
}

#[cfg(windows)]
fn platform_folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    env("LOCALAPPDATA").map(PathBuf::from)
}

#[cfg(target_vendor = "apple")]
fn platform_folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = env("HOME").map(PathBuf::from)?;
    Some(home.join("Library/Application Support"))
}

/// As the XDG Base Directory Specification has it: a relative path there does not count.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn platform_folder(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let given = env("XDG_STATE_HOME").map(PathBuf::from);
    given.filter(|p| p.is_absolute()).or_else(|| {
        let home = env("HOME").map(PathBuf::from)?;
        Some(home.join(".local/state"))
    })
}

#[cfg(all(test, not(any(windows, target_vendor = "apple"))))]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder() {
        let of = |vars: &[(&str, &str)]| {
            let vars: Vec<_> = vars
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_string()))
                .collect();
            let env =
                move |name: &str| vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            platform_folder(&env)
        };
        let home = ("HOME", "/home/a");
        assert_eq!(of(&[home]), Some("/home/a/.local/state".into()));
        assert_eq!(of(&[home, ("XDG_STATE_HOME", "/s")]), Some("/s".into()));
        assert_eq!(
            of(&[home, ("XDG_STATE_HOME", "s")]),
            Some("/home/a/.local/state".into())
        );
        assert_eq!(of(&[]), None);
    }
}

//! A local folder's files, in the order in which the service lists keys.

use std::fs::{self, DirEntry, FileType};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt, iter, unfold};
use tokio::sync::mpsc;

use super::Symlinks;
use super::entry::{Entry, Item, Problem, Side, Why};
use super::filter::Filter;
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::resume::is_temporary_name;

/// Entries are handed over so many at a time: waking whoever waits costs more than reading an entry.
const BATCH: usize = 64;
/// Batches read ahead of those who take them.
const AHEAD: usize = 4;

/// What comes next, in order.
struct Batch {
    items: Vec<Item>,
    is_last: bool,
}

/// Walks `root` on a thread that may block. Memory holds the names of one folder per level.
pub(crate) fn files(root: PathBuf, symlinks: Symlinks, filter: Arc<Filter>) -> Side {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut walk = match Walk::new(root, symlinks, filter) {
            Ok(walk) => walk,
            Err(error) => {
                let _ = sender.blocking_send(Err(error));
                return;
            }
        };
        // The first ones are not waited for.
        let mut size = 1;
        loop {
            let items: Vec<Item> = walk.by_ref().take(size).collect();
            let is_last = items.len() < size;
            let sent = sender.blocking_send(Ok(Batch { items, is_last }));
            if sent.is_err() || is_last {
                return; // At the end, or nobody listens any more.
            }
            size = (size * 2).min(BATCH);
        }
    });
    let batches = unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Ok(batch)) => Some((Ok(batch.items), (!batch.is_last).then_some(receiver))),
            Some(Err(error)) => Some((Err(error), None)),
            // Without its last word the walk broke off. Taken for the end it would make everything
            // else look deleted.
            None => {
                let why = "reading the folder broke off";
                Some((Err(Error::new(ErrorKind::Cancelled, why)), None))
            }
        }
    });
    batches
        .map_ok(|items| iter(items.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

struct Walk {
    /// The folders from the root to where the walk is.
    levels: Vec<Level>,
    follow: bool,
    filter: Arc<Filter>,
}

struct Level {
    /// What is left in it, the next one last.
    children: Vec<Child>,
    /// Where it really is; only when links are followed.
    real: Option<PathBuf>,
}

struct Child {
    /// From the root; a folder's ends with `/`.
    name: String,
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    File,
    Folder,
    Problem(Why),
}

impl Iterator for Walk {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.step()
    }
}

impl Walk {
    fn new(root: PathBuf, symlinks: Symlinks, filter: Arc<Filter>) -> Result<Self> {
        let mut walk = Self {
            levels: Vec::new(),
            follow: symlinks == Symlinks::Follow,
            filter,
        };
        let fail = |e| Error::local("read the folder", &root, e);
        let real = walk.real(&root).map_err(fail)?;
        let children = walk.children("", &root).map_err(fail)?;
        walk.levels.push(Level { children, real });
        Ok(walk)
    }

    fn step(&mut self) -> Option<Item> {
        loop {
            let Some(child) = self.levels.last_mut()?.children.pop() else {
                self.levels.pop();
                continue;
            };
            let Child { name, path, kind } = child;
            return Some(match kind {
                Kind::Problem(why) => Item::Problem(Problem { name, why }),
                Kind::File => match fs::metadata(&path) {
                    Ok(metadata) => Item::Entry(Entry {
                        name,
                        size: metadata.len(),
                        modified: metadata.modified().ok(),
                        is_empty_folder: false,
                    }),
                    Err(e) => failed(name, Error::local("read the size of", &path, e)),
                },
                Kind::Folder => self.enter(name, &path),
            });
        }
    }

    /// Tells of a folder and goes on inside it.
    fn enter(&mut self, name: String, path: &Path) -> Item {
        let cannot = |e| Error::local("read the folder", path, e);
        let real = match self.real(path) {
            Ok(real) => real,
            Err(e) => return failed(name, cannot(e)),
        };
        if real.is_some() && self.levels.iter().any(|level| level.real == real) {
            let why = std::io::Error::other("a symbolic link leads back to a folder above it");
            return failed(name, Error::local("follow", path, why));
        }
        let children = match self.children(&name, path) {
            Ok(children) => children,
            Err(e) => return failed(name, cannot(e)),
        };
        let is_empty_folder = children.is_empty();
        self.levels.push(Level { children, real });
        Item::Entry(Entry {
            name,
            size: 0,
            modified: None,
            is_empty_folder,
        })
    }

    fn real(&self, path: &Path) -> std::io::Result<Option<PathBuf>> {
        self.follow.then(|| path.canonicalize()).transpose()
    }

    /// What a folder holds, in descending order: the next one is popped.
    fn children(&self, parent: &str, path: &Path) -> std::io::Result<Vec<Child>> {
        let mut children = Vec::new();
        for entry in fs::read_dir(path)? {
            if let Some(child) = self.child(parent, &entry?)? {
                children.push(child);
            }
        }
        // With its slash a folder comes where the keys below it do.
        children.sort_unstable_by(|a, b| b.name.cmp(&a.name));
        Ok(children)
    }

    fn child(&self, parent: &str, entry: &DirEntry) -> std::io::Result<Option<Child>> {
        let path = entry.path();
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else {
            let why = std::io::Error::other("its name is not UTF-8, as keys are");
            let why = Why::Failed(Error::local("upload", &path, why));
            let name = format!("{parent}{}", file_name.to_string_lossy());
            let kind = Kind::Problem(why);
            return Ok(Some(Child { name, path, kind }));
        };
        if is_temporary_name(file_name) {
            return Ok(None);
        }
        let mut name = format!("{parent}{file_name}");
        if self.filter.excludes(&name) {
            return Ok(None);
        }
        let kind = self.kind(&path, entry.file_type()?);
        match kind {
            Kind::Folder => name.push('/'),
            // Only now is it known that no included file can be below it.
            _ if !self.filter.takes(&name) => return Ok(None),
            _ => {}
        }
        Ok(Some(Child { name, path, kind }))
    }

    fn kind(&self, path: &Path, file_type: FileType) -> Kind {
        let file_type = if !file_type.is_symlink() {
            file_type
        } else if self.follow {
            match fs::metadata(path) {
                Ok(metadata) => metadata.file_type(),
                Err(e) => return Kind::Problem(Why::Failed(Error::local("follow", path, e))),
            }
        } else {
            return Kind::Problem(Why::Skipped("a symbolic link"));
        };
        if file_type.is_dir() {
            Kind::Folder
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Problem(Why::Skipped("not a regular file"))
        }
    }
}

fn failed(name: String, error: Error) -> Item {
    Item::Problem(Problem {
        name,
        why: Why::Failed(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(root: &Path, symlinks: Symlinks, exclude: &[&str]) -> Vec<String> {
        let exclude: Vec<String> = exclude.iter().map(ToString::to_string).collect();
        let filter = Arc::new(Filter::new(&[], &exclude).unwrap());
        let walk = Walk::new(root.to_path_buf(), symlinks, filter).unwrap();
        walk.map(|item| match item {
            Item::Entry(e) if e.is_empty_folder => format!("{} (empty)", e.name),
            Item::Entry(e) => e.name,
            Item::Problem(p) => match p.why {
                Why::Skipped(why) => format!("{}: {why}", p.name),
                Why::Failed(e) => format!("{}! {}", p.name, e.message()),
            },
        })
        .collect()
    }

    fn touch(root: &Path, name: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    #[test]
    fn the_order_is_that_of_whole_keys() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "a/x", "a/y/z", "a-b", "a.txt", "a0", "ab", "Z", "文/件", "a b",
        ] {
            touch(dir.path(), name);
        }
        fs::create_dir_all(dir.path().join("m/n")).unwrap();
        touch(dir.path(), "a/.cos-0123456789abcdef.part");
        let names = walk(dir.path(), Symlinks::Skip, &[]);
        assert_eq!(
            names,
            [
                "Z",
                "a b",
                "a-b",
                "a.txt",
                "a/",
                "a/x",
                "a/y/",
                "a/y/z",
                "a0",
                "ab",
                "m/",
                "m/n/ (empty)",
                "文/",
                "文/件"
            ]
        );
        assert_eq!(
            walk(dir.path(), Symlinks::Skip, &["a", "a?*", "m", "文"]),
            ["Z"]
        );
        let missing = Walk::new(dir.path().join("none"), Symlinks::Skip, Arc::default());
        assert_eq!(missing.err().unwrap().kind(), ErrorKind::Local);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_what_is_no_file() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        touch(&root, "d/f");
        touch(dir.path(), "outside/o");
        symlink("../../outside", root.join("d/out")).unwrap();
        symlink("..", root.join("d/up")).unwrap();
        symlink("d/f", root.join("f")).unwrap();
        symlink("nowhere", root.join("gone")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("s")).unwrap();
        fs::write(root.join(std::ffi::OsStr::from_bytes(b"x\xff")), "").unwrap();
        let names = walk(&root, Symlinks::Skip, &[]);
        assert_eq!(names.len(), 8, "{names:?}");
        assert_eq!(names[..3], ["d/", "d/f", "d/out: a symbolic link"]);
        assert_eq!(
            names[4..7],
            [
                "f: a symbolic link",
                "gone: a symbolic link",
                "s: not a regular file"
            ]
        );
        assert!(names[7].contains("not UTF-8"), "{names:?}");
        let names = walk(&root, Symlinks::Follow, &[]);
        assert_eq!(names[..4], ["d/", "d/f", "d/out/", "d/out/o"]);
        assert!(names[4].starts_with("d/up/! cannot follow") && names[4].contains("leads back"));
        assert_eq!(names[5], "f");
        assert!(names[6].starts_with("gone! cannot follow"), "{names:?}");
    }
}

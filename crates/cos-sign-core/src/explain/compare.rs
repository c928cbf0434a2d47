//! The first difference between two HttpStrings.

use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use crate::encode_path;

/// A list of pairs in the HttpString.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Query parameters, third line.
    Parameter,
    /// Headers, fourth line.
    Header,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameter => "parameter",
            Self::Header => "header",
        })
    }
}

/// The first difference between what the client signed and what the server computed.
///
/// Values are shown as the HttpString holds them; a security token or a customer key is named but
/// never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The methods differ.
    Method {
        /// What the client signed.
        ours: String,
        /// What the server computed.
        server: String,
    },
    /// The client signed the percent-encoded path; the server signs the decoded one.
    PathSignedEncoded,
    /// The server decoded a `+` in the path as a space.
    PathPlus,
    /// Something on the way tidied `//`, `./` or `../` in the path.
    PathNormalised {
        /// The path the server saw.
        server: String,
    },
    /// The server's path begins with the bucket (path-style address) and the client's does not.
    PathBucket {
        /// The path the server saw.
        server: String,
    },
    /// The paths differ in another way.
    Path {
        /// What the client signed.
        ours: String,
        /// What the server computed.
        server: String,
    },
    /// A signed pair did not reach the server.
    Missing {
        /// Parameter or header.
        part: Part,
        /// Its name as listed.
        name: String,
    },
    /// The server signs a pair that the client left out although it is in the list.
    Unsigned {
        /// Parameter or header.
        part: Part,
        /// Its name as listed.
        name: String,
    },
    /// A name is spelled with capitals in the client's text.
    UpperCaseName {
        /// Parameter or header.
        part: Part,
        /// The name as the client signed it.
        name: String,
    },
    /// A value's escapes are in lower-case hex in the client's text.
    LowerCaseEscapes {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
    },
    /// A value was escaped twice by the client.
    EscapedTwice {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
    },
    /// A value was not escaped, or not wholly (`/` or a space left as it was, say).
    NotEscaped {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
    },
    /// The server decoded `+` in a value as a space, or the client signed a space as `+`.
    ValuePlus {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
    },
    /// A value has blanks at its ends that were lost on the way.
    ValueBlanks {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
    },
    /// A value differs in another way.
    Value {
        /// Parameter or header.
        part: Part,
        /// The pair's name.
        name: String,
        /// What the client signed, decoded.
        ours: String,
        /// What the server computed, decoded.
        server: String,
    },
    /// The same pairs in another order.
    Order {
        /// Parameter or header.
        part: Part,
    },
    /// A line is missing or the last line feed is.
    Lines {
        /// Line feeds in the client's text; there must be four.
        ours: usize,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method { ours, server } => {
                write!(
                    f,
                    "method was signed as `{ours}`, the server saw `{server}`"
                )
            }
            Self::PathSignedEncoded => f.write_str(
                "the path was signed percent-encoded: sign the decoded path, send the encoded one",
            ),
            Self::PathPlus => {
                f.write_str("the server reads `+` in a path as a space: send `+` as `%2B`")
            }
            Self::PathNormalised { server } => write!(
                f,
                "the HTTP software on the way tidied the path to `{server}`: send `./` as `.%2F` and `//` as `/%2F`"
            ),
            Self::PathBucket { server } => write!(
                f,
                "the server saw the bucket in the path (`{server}`): with a path-style address sign `/bucket/key`"
            ),
            Self::Path { ours, server } => {
                write!(f, "path was signed as `{ours}`, the server saw `{server}`")
            }
            Self::Missing { part, name } => write!(
                f,
                "{part} `{name}` was signed but did not reach the server: a proxy or the HTTP library dropped it"
            ),
            Self::Unsigned { part, name } => write!(
                f,
                "{part} `{name}` is in the signed list but not in the signed text"
            ),
            Self::UpperCaseName { part, name } => write!(
                f,
                "{part} name `{name}` was signed with capitals: lower-case names in the signature, send them as they are"
            ),
            Self::LowerCaseEscapes { part, name } => write!(
                f,
                "the value of {part} `{name}` was signed with lower-case escapes: use `%2F`, not `%2f`"
            ),
            Self::EscapedTwice { part, name } => {
                write!(
                    f,
                    "the value of {part} `{name}` was escaped twice before signing"
                )
            }
            Self::NotEscaped { part, name } => write!(
                f,
                "the value of {part} `{name}` was not wholly escaped: only A-Z a-z 0-9 - _ . ~ stay, a slash becomes `%2F`"
            ),
            Self::ValuePlus { part, name } => write!(
                f,
                "in the value of {part} `{name}` a space and a `+` were mixed up: send `%20` and `%2B`"
            ),
            Self::ValueBlanks { part, name } => write!(
                f,
                "the value of {part} `{name}` was signed with blanks at its ends: strip them before signing"
            ),
            Self::Value {
                part,
                name,
                ours,
                server,
            } if !is_secret(name) => {
                write!(
                    f,
                    "{part} `{name}` was signed as `{ours}`, the server saw `{server}`"
                )?;
                match name.as_str() {
                    "host" => f.write_str(
                        ": sign the Host header exactly as sent, with its port if it has one",
                    ),
                    "content-type" => f.write_str(
                        ": the HTTP library changed Content-Type (a charset, perhaps) after signing",
                    ),
                    "content-length" => f.write_str(": the body changed after signing"),
                    _ => Ok(()),
                }
            }
            Self::Value { part, name, .. } => {
                write!(
                    f,
                    "{part} `{name}` was signed with another value than the server saw"
                )
            }
            Self::Order { part } => write!(
                f,
                "the {part}s were signed in another order: sort by the escaped, lower-cased name"
            ),
            Self::Lines { ours } => write!(
                f,
                "the signed text has {ours} line feeds, not 4: every line ends with one, empty and last ones too"
            ),
        }
    }
}

/// The first difference between the HttpString a client signed and the server's (`FormatString`);
/// `None` when they are equal.
#[must_use]
pub fn compare(ours: &str, server: &str) -> Option<Difference> {
    if ours == server {
        return None;
    }
    // A path may hold line feeds of its own, so the first and the last lines are taken from the ends.
    let (Some(mine), Some(theirs)) = (Lines::split(ours), Lines::split(server)) else {
        return Some(Difference::Lines {
            ours: ours.matches('\n').count(),
        });
    };
    if mine.method != theirs.method {
        return Some(Difference::Method {
            ours: mine.method.to_owned(),
            server: theirs.method.to_owned(),
        });
    }
    if mine.path != theirs.path {
        return Some(path_difference(mine.path, theirs.path));
    }
    list_difference(Part::Parameter, mine.params, theirs.params)
        .or_else(|| list_difference(Part::Header, mine.headers, theirs.headers))
        .or(Some(Difference::Lines {
            ours: ours.matches('\n').count(),
        }))
}

struct Lines<'a> {
    method: &'a str,
    path: &'a str,
    params: &'a str,
    headers: &'a str,
}

impl<'a> Lines<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let (method, rest) = text.split_once('\n')?;
        let (rest, headers) = rest.strip_suffix('\n')?.rsplit_once('\n')?;
        let (path, params) = rest.rsplit_once('\n')?;
        Some(Self {
            method,
            path,
            params,
            headers,
        })
    }
}

fn path_difference(ours: &str, server: &str) -> Difference {
    if ours == encode_path(server).to_string() || decoded(ours).as_deref() == Some(server) {
        return Difference::PathSignedEncoded;
    }
    if ours.replace('+', " ") == server {
        return Difference::PathPlus;
    }
    if normalised(ours) == server {
        return Difference::PathNormalised {
            server: server.to_owned(),
        };
    }
    let bucket = server.strip_suffix(ours).is_some_and(|front| {
        front.len() > 1 && front.starts_with('/') && !front[1..].contains('/')
    });
    if bucket {
        return Difference::PathBucket {
            server: server.to_owned(),
        };
    }
    Difference::Path {
        ours: ours.to_owned(),
        server: server.to_owned(),
    }
}

/// What HTTP software makes of a path: dot segments resolved, empty segments merged.
fn normalised(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut out = String::from("/");
    out.push_str(&segments.join("/"));
    if path.ends_with('/') && out.len() > 1 {
        out.push('/');
    }
    out
}

fn pairs(line: &str) -> Vec<(&str, &str)> {
    line.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect()
}

fn list_difference(part: Part, ours: &str, server: &str) -> Option<Difference> {
    if ours == server {
        return None;
    }
    let (mine, theirs) = (pairs(ours), pairs(server));
    for (name, value) in &mine {
        let lower = name.to_lowercase();
        let same_name: Vec<&str> = theirs
            .iter()
            .filter(|(n, _)| n.to_lowercase() == lower)
            .map(|(_, v)| *v)
            .collect();
        if same_name.is_empty() {
            return Some(Difference::Missing {
                part,
                name: (*name).to_owned(),
            });
        }
        if *name != lower && !theirs.iter().any(|(n, _)| n == name) {
            return Some(Difference::UpperCaseName {
                part,
                name: (*name).to_owned(),
            });
        }
        if let (false, Some(other)) = (same_name.contains(value), same_name.first()) {
            return Some(value_difference(part, name, value, other));
        }
    }
    for (name, _) in &theirs {
        if !mine.iter().any(|(n, _)| n == name) {
            return Some(Difference::Unsigned {
                part,
                name: (*name).to_owned(),
            });
        }
    }
    Some(Difference::Order { part })
}

fn value_difference(part: Part, name: &str, ours: &str, server: &str) -> Difference {
    let name = name.to_owned();
    if ours.eq_ignore_ascii_case(server) && decoded(ours) == decoded(server) {
        return Difference::LowerCaseEscapes { part, name };
    }
    let plain_ours = decoded(ours);
    let plain_server = decoded(server).unwrap_or_else(|| server.to_owned());
    // `%` alone is not an escape, so an unescaped value may not decode at all.
    let Some(plain_ours) = plain_ours else {
        return Difference::NotEscaped { part, name };
    };
    if plain_ours == plain_server || ours == plain_server {
        return Difference::NotEscaped { part, name };
    }
    if plain_ours == server || decoded(&plain_ours).as_deref() == Some(plain_server.as_str()) {
        return Difference::EscapedTwice { part, name };
    }
    if plain_ours.replace('+', " ") == plain_server.replace('+', " ") {
        return Difference::ValuePlus { part, name };
    }
    if plain_ours.trim() == plain_server.trim() {
        return Difference::ValueBlanks { part, name };
    }
    if is_secret(&name) {
        // Kept out of the value itself, not only out of the text: a caller may print Debug.
        return Difference::Value {
            part,
            name,
            ours: String::new(),
            server: String::new(),
        };
    }
    Difference::Value {
        part,
        name,
        ours: plain_ours,
        server: plain_server,
    }
}

fn is_secret(name: &str) -> bool {
    name.ends_with("security-token") || name.ends_with("customer-key")
}

/// Percent-decoded text; `None` when it is not an escaped text.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let [high, low, after @ ..] = tail else {
                return None;
            };
            let digit = |b: u8| char::from(b).to_digit(16);
            let value = digit(*high)? * 16 + digit(*low)?;
            out.push(u8::try_from(value).ok()?);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    const HEADER: Part = Part::Header;
    const PARAM: Part = Part::Parameter;

    fn owned(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn every_difference_has_its_own_words() {
        let name = || owned("k");
        let cases: &[(&str, &str, Difference)] = &[
            (
                "put\n/\n\n\n",
                "get\n/\n\n\n",
                Difference::Method {
                    ours: owned("put"),
                    server: owned("get"),
                },
            ),
            (
                "get\n/a%20b\n\n\n",
                "get\n/a b\n\n\n",
                Difference::PathSignedEncoded,
            ),
            ("get\n/a+b\n\n\n", "get\n/a b\n\n\n", Difference::PathPlus),
            (
                "get\n/a//./b/\n\n\n",
                "get\n/a/b/\n\n\n",
                Difference::PathNormalised {
                    server: owned("/a/b/"),
                },
            ),
            (
                "get\n/k\n\n\n",
                "get\n/b-1/k\n\n\n",
                Difference::PathBucket {
                    server: owned("/b-1/k"),
                },
            ),
            (
                "get\n/x\n\n\n",
                "get\n/y\n\n\n",
                Difference::Path {
                    ours: owned("/x"),
                    server: owned("/y"),
                },
            ),
            (
                "get\n/\nk=1\n\n",
                "get\n/\n\n\n",
                Difference::Missing {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\n\nk=1\n",
                "get\n/\n\n\n",
                Difference::Missing {
                    part: HEADER,
                    name: name(),
                },
            ),
            (
                "get\n/\n\n\n",
                "get\n/\n\nk=1\n",
                Difference::Unsigned {
                    part: HEADER,
                    name: name(),
                },
            ),
            (
                "get\n/\nuploadId=1\n\n",
                "get\n/\nuploadid=1\n\n",
                Difference::UpperCaseName {
                    part: PARAM,
                    name: owned("uploadId"),
                },
            ),
            (
                "get\n/\nk=a%2fb\n\n",
                "get\n/\nk=a%2Fb\n\n",
                Difference::LowerCaseEscapes {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\nk=a%252Fb\n\n",
                "get\n/\nk=a%2Fb\n\n",
                Difference::EscapedTwice {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\nk=a/b\n\n",
                "get\n/\nk=a%2Fb\n\n",
                Difference::NotEscaped {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\nk=100%\n\n",
                "get\n/\nk=100%25\n\n",
                Difference::NotEscaped {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\nk=a+b\n\n",
                "get\n/\nk=a%20b\n\n",
                Difference::ValuePlus {
                    part: PARAM,
                    name: name(),
                },
            ),
            (
                "get\n/\n\nk=%20a\n",
                "get\n/\n\nk=a\n",
                Difference::ValueBlanks {
                    part: HEADER,
                    name: name(),
                },
            ),
            (
                "get\n/\n\nhost=a\n",
                "get\n/\n\nhost=b\n",
                Difference::Value {
                    part: HEADER,
                    name: owned("host"),
                    ours: owned("a"),
                    server: owned("b"),
                },
            ),
            (
                "get\n/\nb=1&a=1\n\n",
                "get\n/\na=1&b=1\n\n",
                Difference::Order { part: PARAM },
            ),
            ("get\n/\n\n", "get\n/\n\n\n", Difference::Lines { ours: 3 }),
        ];
        let mut words = Vec::new();
        for (ours, server, expected) in cases {
            let found = compare(ours, server).unwrap();
            assert_eq!(&found, expected, "{ours:?} against {server:?}");
            words.push(found.to_string());
        }
        for name in ["host", "content-type", "content-length"] {
            let found = compare(
                &format!("get\n/\n\n{name}=1\n"),
                &format!("get\n/\n\n{name}=2\n"),
            );
            words.push(found.unwrap().to_string());
        }
        let count = words.len();
        words.sort();
        words.dedup();
        // The two `Missing`, the two unescaped and the two `host` cases share or nearly share words.
        assert!(words.len() >= count - 2, "{words:#?}");
    }

    #[test]
    fn a_token_is_named_but_never_shown() {
        let found = compare(
            "get\n/\n\nx-cos-security-token=SECRET1\n",
            "get\n/\n\nx-cos-security-token=SECRET2\n",
        )
        .unwrap();
        let text = format!("{found} {found:?}");
        assert!(
            text.contains("x-cos-security-token") && !text.contains("SECRET"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn any_two_texts_are_compared_without_panic(a in "\\PC*|[a-z%2F/&=\n+ ]*", b in "\\PC*|[a-z%2F/&=\n+ ]*") {
            prop_assert_eq!(compare(&a, &b).is_none(), a == b);
        }
    }
}

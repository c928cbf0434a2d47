//! `K=V` and `K: V`.

use std::str::FromStr;

/// `--param K=V`: decoded text, split at the first `=`; `K` alone has an empty value. In `K`, `%3D` stands
/// for `=` and `%25` for `%`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Param {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        if name.is_empty() {
            return Err("a parameter needs a name: K=V or K");
        }
        Ok(Self {
            name: unescape(name),
            value: value.to_owned(),
        })
    }
}

/// In one pass, so that `%253D` is the text `%3D`.
fn unescape(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (character, taken) = match from.get(1..3) {
            Some("3D" | "3d") => ('=', 3),
            Some("25") => ('%', 3),
            _ => ('%', 1),
        };
        plain.push(character);
        rest = &from[taken..];
    }
    plain.push_str(rest);
    plain
}

/// `--header 'K: V'`: blanks around the value are not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text
            .split_once(':')
            .ok_or("a header is written 'Name: value'")?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("a header's name may not be empty or hold blanks");
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.trim_matches([' ', '\t']).to_owned(),
        })
    }
}

/// `KEY=VALUE`, both needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl FromStr for KeyValue {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("write KEY=VALUE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params() {
        for (text, name, value) in [
            ("acl", "acl", ""),
            ("acl=", "acl", ""),
            ("a=b=c", "a", "b=c"),
            ("a%3Db=c%3Dd", "a=b", "c%3Dd"),
            ("%253D=x", "%3D", "x"),
            ("50%=x", "50%", "x"),
            ("%é=x", "%é", "x"),
        ] {
            let p: Param = text.parse().unwrap();
            assert_eq!((p.name.as_str(), p.value.as_str()), (name, value), "{text}");
        }
        assert!("=x".parse::<Param>().is_err());
        assert!("".parse::<Param>().is_err());
    }

    #[test]
    fn headers() {
        let h: Header = "Host:  a:80 ".parse().unwrap();
        assert_eq!((h.name.as_str(), h.value.as_str()), ("Host", "a:80"));
        let h: Header = "x-empty:".parse().unwrap();
        assert_eq!(h.value, "");
        for bad in ["Host", ": x", "a b: c"] {
            assert!(bad.parse::<Header>().is_err(), "{bad}");
        }
    }
}

//! How signers go wrong, as data: each habit changes one step of the recipe.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use sha1::{Digest as _, Sha1};

use super::diagnose::Cause;
use crate::{KeyTime, Request, Signature, block::MacKey, digest::hex40, encode, encode_path};

/// What is signed and with what; a habit changes a copy of it.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) secret_key: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) params: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// The window the SignKey is derived for.
    pub(super) key_time: KeyTime,
    /// The window in the StringToSign.
    pub(super) sign_time: KeyTime,
    raw_key: bool,
    text_end: &'static str,
    string_end: &'static str,
    sort: Sort,
    digest_of_text: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Names,
    AsGiven,
}

type Habit = (Cause, fn(&mut Recipe));

/// The official SDKs' past bugs and the questions asked about them, one a row.
pub(super) const HABITS: &[Habit] = &[
    (Cause::RawSignKey, |r| r.raw_key = true),
    (Cause::KeyFromSignTime, |r| r.key_time = r.sign_time),
    (Cause::SignTimeNotUsed, |r| r.sign_time = r.key_time),
    (Cause::SecretWithBlank, |r| r.secret_key.push('\n')),
    (Cause::SecretWithBlank, |r| r.secret_key.push(' ')),
    (Cause::MethodUpperCase, |r| r.method.make_ascii_uppercase()),
    (Cause::PathSignedEncoded, |r| {
        r.path = encode_path(&r.path).to_string()
    }),
    (Cause::PathSlashEscaped, |r| {
        r.path = format!("/{}", encode(r.path.trim_start_matches('/')));
    }),
    (Cause::PathWithoutSlash, |r| {
        r.path.remove(0);
    }),
    (Cause::PathDoubleSlash, |r| r.path.insert(0, '/')),
    (Cause::NamesNotLowered, |r| {
        each(r, |name, _| *name = encode(name).to_string())
    }),
    (Cause::ValuesNotEscaped, |r| each(r, |name, _| lower(name))),
    (Cause::EscapesLowerCase, |r| {
        each(r, |name, value| {
            lower(name);
            *value = lower_escapes(&encode(value).to_string());
        });
    }),
    (Cause::ValuesLowerCase, |r| {
        each(r, |name, value| {
            lower(name);
            *value = encode(value).to_string().to_lowercase();
        });
    }),
    (Cause::SpaceAsPlus, |r| {
        each(r, |name, value| {
            lower(name);
            *value = encode(value).to_string().replace("%20", "+");
        });
    }),
    (Cause::SlashKept, |r| {
        each(r, |name, value| {
            lower(name);
            *value = encode(value).to_string().replace("%2F", "/");
        });
    }),
    (Cause::ValuesEscapedTwice, |r| {
        each(r, |name, value| {
            lower(name);
            *value = encode(&encode(value).to_string()).to_string();
        });
    }),
    (Cause::NotSorted, |r| r.sort = Sort::AsGiven),
    (Cause::ParamsLeftOut, |r| r.params.clear()),
    (Cause::HeadersLeftOut, |r| r.headers.clear()),
    (Cause::HttpStringWithoutLastLine, |r| r.text_end = ""),
    (Cause::StringToSignWithoutLastLine, |r| r.string_end = ""),
    (Cause::HttpStringNotHashed, |r| r.digest_of_text = true),
    (Cause::HostWithoutPort, |r| {
        for (name, value) in &mut r.headers {
            if name.eq_ignore_ascii_case("host")
                && let Some((host, _)) = value.clone().split_once(':')
            {
                *value = host.into();
            }
        }
    }),
];

impl Recipe {
    pub(super) fn new(
        secret_key: &str,
        key_time: KeyTime,
        sign_time: KeyTime,
        request: &Request<'_>,
    ) -> Self {
        let own = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect()
        };
        Self {
            secret_key: secret_key.into(),
            method: request.method.to_ascii_lowercase(),
            path: request.path.into(),
            params: own(request.params),
            headers: own(request.headers),
            key_time,
            sign_time,
            raw_key: false,
            text_end: "\n",
            string_end: "\n",
            sort: Sort::Names,
            digest_of_text: false,
        }
    }

    /// The signature this recipe gives. Pairs that a habit marked are already in their final form.
    pub(super) fn signature(&self) -> Signature {
        let text = format!(
            "{}\n{}\n{}\n{}{}",
            self.method,
            self.path,
            self.line(&self.params),
            self.line(&self.headers),
            self.text_end
        );
        let digest = if self.digest_of_text {
            text
        } else {
            crate::digest::ascii(&hex40(&Sha1::digest(text.as_bytes()).into())).into()
        };
        let string = format!("sha1\n{}\n{digest}{}", self.sign_time, self.string_end);
        let raw = MacKey::new(self.secret_key.as_bytes()).mac(&[self.key_time.text().as_bytes()]);
        let signature = if self.raw_key {
            MacKey::new(&raw).mac(&[string.as_bytes()])
        } else {
            MacKey::new(&hex40(&raw)).mac(&[string.as_bytes()])
        };
        Signature::new(&signature)
    }

    fn line(&self, pairs: &[(String, String)]) -> String {
        let mut done: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| match name.strip_prefix(DONE) {
                Some(name) => (name.into(), value.clone()),
                None => (
                    encode(name).to_string().to_lowercase(),
                    encode(value).to_string(),
                ),
            })
            .collect();
        if self.sort == Sort::Names {
            done.sort();
        }
        let pairs: Vec<String> = done
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }
}

/// Marks a pair whose name and value a habit has already brought into their final form.
const DONE: char = '\0';

fn each(recipe: &mut Recipe, change: impl Fn(&mut String, &mut String)) {
    for (name, value) in recipe.params.iter_mut().chain(&mut recipe.headers) {
        change(name, value);
        name.insert(0, DONE);
    }
}

fn lower(name: &mut String) {
    *name = encode(name).to_string().to_lowercase();
}

/// `%2F` → `%2f`, letters outside escapes untouched.
fn lower_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_escape = 0;
    for c in text.chars() {
        match (c, in_escape) {
            ('%', _) => {
                in_escape = 2;
                out.push(c);
            }
            (_, 0) => out.push(c),
            _ => {
                in_escape -= 1;
                out.push(c.to_ascii_lowercase());
            }
        }
    }
    out
}

//! What is known about one call: the values conditions are tested against.

use std::net::IpAddr;

/// Condition keys and their values for one call.
///
/// Names compare without case. A key with several values is for `for_any_value:` and `for_all_value:`.
/// Values are as the service sees them: headers as sent, query parameters decoded, except
/// `cos:response-content-type`, whose policy value is percent-encoded and so must this one be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    entries: Vec<(String, Vec<String>)>,
}

impl Context {
    /// The caller's address.
    pub const IP: &'static str = "qcs:ip";
    /// Whether HTTPS was used.
    pub const SECURE_TRANSPORT: &'static str = "cos:secure-transport";
    /// The `prefix` parameter of a listing.
    pub const PREFIX: &'static str = "cos:prefix";
    /// The header Content-Length.
    pub const CONTENT_LENGTH: &'static str = "cos:content-length";
    /// The header Content-Type.
    pub const CONTENT_TYPE: &'static str = "cos:content-type";

    /// Nothing known.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Adds a value; a key added twice has two values.
    pub fn add(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        match self
            .entries
            .iter_mut()
            .find(|(k, _)| k.eq_ignore_ascii_case(&key))
        {
            Some((_, values)) => values.push(value),
            None => self.entries.push((key, vec![value])),
        }
    }

    /// Adds a value, in a chain.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.add(key, value);
        self
    }

    /// Sets the caller's address.
    #[must_use]
    pub fn with_source_ip(self, ip: IpAddr) -> Self {
        self.with(Self::IP, ip.to_canonical().to_string())
    }

    /// Says whether HTTPS was used.
    #[must_use]
    pub fn with_secure_transport(self, https: bool) -> Self {
        self.with(Self::SECURE_TRANSPORT, if https { "true" } else { "false" })
    }

    /// The values of a key; `None` if the call has none.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.entries
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(key))
            .map(|(_, values)| values.as_slice())
    }
}

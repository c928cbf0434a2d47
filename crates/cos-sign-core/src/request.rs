//! The canonical request, called HttpString in the documents.

use core::fmt;

use crate::{
    Digest, SignError,
    block::Sha1Text,
    digest::{Sink, TextSink},
    encode::{Allow, Stopped, put_name, put_value},
    order::Order,
};

/// What is signed: a method, a decoded path, and the parameters and headers chosen for signing.
///
/// The order of `params` and `headers` never matters. A name that occurs twice keeps both values
/// and is listed twice, as in the official Go SDK; what the service does with duplicates is not
/// documented, so avoid them.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `GET`, `PUT` … in any case.
    pub method: &'a str,
    /// The decoded path, beginning with `/`: `/photos/夏.jpg`, not its percent-encoding.
    pub path: &'a str,
    /// Decoded query parameters; an empty value for `?uploads` and its like.
    pub params: &'a [(&'a str, &'a str)],
    /// Headers to sign, values exactly as sent.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Shows names only: values may hold a security token.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Names<'a>(&'a [(&'a str, &'a str)]);
        impl fmt::Debug for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list()
                    .entries(self.0.iter().map(|(name, _)| name))
                    .finish()
            }
        }
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("params", &Names(self.params))
            .field("headers", &Names(self.headers))
            .finish()
    }
}

impl<'a> Request<'a> {
    /// Writes the HttpString: method, path, parameters and headers, one line each.
    ///
    /// # Errors
    /// [`SignError::InvalidMethod`], [`SignError::InvalidPath`], [`SignError::ControlCharacter`], and
    /// [`SignError::Format`] when `out` refuses the text.
    pub fn write_http_string<W: fmt::Write + ?Sized>(&self, out: &mut W) -> Result<(), SignError> {
        self.canonical()?.put_http_string(&mut TextSink(out))
    }

    /// Writes the names of the signed headers, sorted and joined with `;` (`q-header-list`).
    ///
    /// # Errors
    /// [`SignError::Format`] when `out` refuses the text.
    pub fn write_header_list<W: fmt::Write + ?Sized>(&self, out: &mut W) -> Result<(), SignError> {
        put_names(self.headers, &Order::of(self.headers), &mut TextSink(out))
    }

    /// Writes the names of the signed parameters, sorted and joined with `;` (`q-url-param-list`).
    ///
    /// # Errors
    /// [`SignError::Format`] when `out` refuses the text.
    pub fn write_url_param_list<W: fmt::Write + ?Sized>(
        &self,
        out: &mut W,
    ) -> Result<(), SignError> {
        put_names(self.params, &Order::of(self.params), &mut TextSink(out))
    }

    /// SHA-1 of the HttpString.
    ///
    /// # Errors
    /// As [`Request::write_http_string`].
    pub fn digest(&self) -> Result<Digest, SignError> {
        self.canonical()?.digest()
    }

    /// Checks method and path and finds the order of the pairs.
    pub(crate) fn canonical(&self) -> Result<Canonical<'_, 'a>, SignError> {
        if self.method.is_empty() || !self.method.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(SignError::InvalidMethod);
        }
        if !self.path.starts_with('/') {
            return Err(SignError::InvalidPath);
        }
        Ok(Canonical {
            request: self,
            params: Order::of(self.params),
            headers: Order::of(self.headers),
        })
    }
}

/// A request whose pairs are in order.
pub(crate) struct Canonical<'r, 'a> {
    request: &'r Request<'a>,
    params: Order,
    headers: Order,
}

impl Canonical<'_, '_> {
    pub(crate) fn digest(&self) -> Result<Digest, SignError> {
        let mut hash = Sha1Text::new();
        self.put_http_string(&mut hash)?;
        Ok(Digest::new(&hash.finish()))
    }

    fn put_http_string<S: Sink>(&self, out: &mut S) -> Result<(), SignError> {
        for byte in self.request.method.bytes() {
            out.put_ascii(byte.to_ascii_lowercase())?;
        }
        out.put_ascii(b'\n')?;
        out.put_str(self.request.path)?;
        out.put_ascii(b'\n')?;
        put_pairs(self.request.params, &self.params, Allow::Any, out)?;
        out.put_ascii(b'\n')?;
        put_pairs(self.request.headers, &self.headers, Allow::HeaderText, out)?;
        out.put_ascii(b'\n')?;
        Ok(())
    }

    pub(crate) fn put_header_list<S: Sink>(&self, out: &mut S) -> Result<(), SignError> {
        put_names(self.request.headers, &self.headers, out)
    }

    pub(crate) fn put_url_param_list<S: Sink>(&self, out: &mut S) -> Result<(), SignError> {
        put_names(self.request.params, &self.params, out)
    }
}

#[cfg(feature = "alloc")]
impl Request<'_> {
    /// [`Request::write_http_string`] into a new string.
    ///
    /// # Errors
    /// As [`Request::write_http_string`].
    pub fn http_string(&self) -> Result<alloc::string::String, SignError> {
        let mut out = alloc::string::String::new();
        self.write_http_string(&mut out)?;
        Ok(out)
    }

    /// [`Request::write_header_list`] into a new string.
    #[must_use]
    pub fn header_list(&self) -> alloc::string::String {
        let mut out = alloc::string::String::new();
        // A String refuses nothing.
        let _ = self.write_header_list(&mut out);
        out
    }

    /// [`Request::write_url_param_list`] into a new string.
    #[must_use]
    pub fn url_param_list(&self) -> alloc::string::String {
        let mut out = alloc::string::String::new();
        let _ = self.write_url_param_list(&mut out);
        out
    }
}

fn put_pairs<S: Sink>(
    pairs: &[(&str, &str)],
    order: &Order,
    allow: Allow,
    out: &mut S,
) -> Result<(), SignError> {
    let mut first = true;
    order.each(pairs, |at, (name, value)| {
        if !first {
            out.put_ascii(b'&')?;
        }
        first = false;
        let stopped = |why| match why {
            Stopped::Control => SignError::ControlCharacter { header: at },
            Stopped::Format => SignError::Format,
        };
        put_name(name, out, allow).map_err(stopped)?;
        out.put_ascii(b'=')?;
        put_value(value, out, allow).map_err(stopped)
    })
}

/// One entry per pair, so a repeated name is listed as often as it occurs.
fn put_names<S: Sink>(pairs: &[(&str, &str)], order: &Order, out: &mut S) -> Result<(), SignError> {
    let mut first = true;
    order.each(pairs, |_, (name, _)| {
        if !first {
            out.put_ascii(b';')?;
        }
        first = false;
        put_name(name, out, Allow::Any).map_err(|_| SignError::Format)
    })
}

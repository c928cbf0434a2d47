//! The finished signature: as a header value and as a query.

use core::fmt;

use crate::{
    KeyTime, Request, SignError, SignKey, Signature, SliceWriter,
    digest::{EncodingSink, TextSink, ascii},
    encode,
    key_time::KeyTimeText,
    request::Canonical,
    sign_key::check_secret,
};

/// Signs requests for one secret id with one [`SignKey`].
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    secret_id: &'a str,
    key: &'a SignKey,
    sign_time: Option<KeyTimeText>,
}

impl fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("secret_id", &self.secret_id)
            .field("key", self.key)
            .finish_non_exhaustive()
    }
}

impl<'a> Signer<'a> {
    /// A signer whose sign time is the key's own window.
    #[must_use]
    pub const fn new(secret_id: &'a str, key: &'a SignKey) -> Self {
        Self {
            secret_id,
            key,
            sign_time: None,
        }
    }

    /// Narrows `q-sign-time`; `q-key-time` stays the key's window. All SDKs but Android's send the
    /// same window twice.
    #[must_use]
    pub fn with_sign_time(mut self, sign_time: KeyTime) -> Self {
        self.sign_time = Some(sign_time.text());
        self
    }

    fn sign(&self, canonical: &Canonical<'_, '_>) -> Result<Signature, SignError> {
        check_secret(self.secret_id)?;
        Ok(self.key.sign(self.sign_time(), &canonical.digest()?))
    }

    fn sign_time(&self) -> &KeyTimeText {
        self.sign_time.as_ref().unwrap_or(self.key.key_time_text())
    }

    /// The signature alone.
    ///
    /// # Errors
    /// As [`Request::write_http_string`], and an empty or blank-framed secret id.
    pub fn signature(&self, request: &Request<'_>) -> Result<Signature, SignError> {
        self.sign(&request.canonical()?)
    }

    /// Writes the value of the `Authorization` header.
    ///
    /// # Errors
    /// As [`Signer::signature`], and [`SignError::Format`] when `out` refuses the text.
    pub fn write_authorization<W: fmt::Write + ?Sized>(
        &self,
        request: &Request<'_>,
        out: &mut W,
    ) -> Result<(), SignError> {
        let canonical = request.canonical()?;
        let signature = self.sign(&canonical)?;
        out.write_str("q-sign-algorithm=sha1&q-ak=")?;
        out.write_str(self.secret_id)?;
        out.write_str("&q-sign-time=")?;
        out.write_str(ascii(self.sign_time().as_bytes()))?;
        out.write_str("&q-key-time=")?;
        out.write_str(ascii(self.key.key_time_text().as_bytes()))?;
        out.write_str("&q-header-list=")?;
        canonical.put_header_list(&mut TextSink(out))?;
        out.write_str("&q-url-param-list=")?;
        canonical.put_url_param_list(&mut TextSink(out))?;
        out.write_str("&q-signature=")?;
        out.write_str(signature.as_str())?;
        Ok(())
    }

    /// [`Signer::write_authorization`] into the caller's buffer.
    ///
    /// # Errors
    /// As there, and [`SignError::BufferTooSmall`] with the size that is needed.
    pub fn authorization_into<'b>(
        &self,
        request: &Request<'_>,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, SignError> {
        let mut out = SliceWriter::new(buffer);
        self.write_authorization(request, &mut out)?;
        out.finish()
    }

    /// Writes the query of a presigned URL: the request's own parameters first (the first parameter
    /// selects the sub-resource), then the `q-…` parameters, all percent-encoded, no leading `?`.
    ///
    /// A temporary credential's token belongs among the request's parameters as
    /// `x-cos-security-token`, so that it is signed. End the window no later than the credential:
    /// [`KeyTime::capped_at`].
    ///
    /// # Errors
    /// As [`Signer::write_authorization`].
    pub fn write_presigned_query<W: fmt::Write + ?Sized>(
        &self,
        request: &Request<'_>,
        out: &mut W,
    ) -> Result<(), SignError> {
        let canonical = request.canonical()?;
        let signature = self.sign(&canonical)?;
        for (name, value) in request.params {
            write!(out, "{}={}&", encode(name), encode(value))?;
        }
        write!(
            out,
            "q-sign-algorithm=sha1&q-ak={}&q-sign-time={}&q-key-time={}&q-header-list=",
            encode(self.secret_id),
            encode(ascii(self.sign_time().as_bytes())),
            encode(ascii(self.key.key_time_text().as_bytes())),
        )?;
        canonical.put_header_list(&mut EncodingSink(out))?;
        out.write_str("&q-url-param-list=")?;
        canonical.put_url_param_list(&mut EncodingSink(out))?;
        write!(out, "&q-signature={}", signature.as_str())?;
        Ok(())
    }
}

#[cfg(feature = "alloc")]
impl Signer<'_> {
    /// [`Signer::write_authorization`] into a new string.
    ///
    /// # Errors
    /// As there.
    pub fn authorization(&self, request: &Request<'_>) -> Result<alloc::string::String, SignError> {
        let mut out = alloc::string::String::with_capacity(320);
        self.write_authorization(request, &mut out)?;
        Ok(out)
    }

    /// [`Signer::write_presigned_query`] into a new string.
    ///
    /// # Errors
    /// As there.
    pub fn presigned_query(
        &self,
        request: &Request<'_>,
    ) -> Result<alloc::string::String, SignError> {
        let mut out = alloc::string::String::with_capacity(512);
        self.write_presigned_query(request, &mut out)?;
        Ok(out)
    }
}

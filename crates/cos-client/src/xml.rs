//! The service's XML, both ways. Elements are matched by name; unknown ones are ignored.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};

/// Reads an answer's document.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let bad = |why: String| {
        Error::new(
            ErrorKind::Service,
            format!("the answer is not the expected XML: {why}"),
        )
    };
    let text = std::str::from_utf8(body).map_err(|e| bad(e.to_string()))?;
    // Complete and copy answers begin with keep-alive blanks.
    quick_xml::de::from_str(text.trim_start()).map_err(|e| bad(e.to_string()))
}

/// Undoes `encoding-type=url`.
pub(crate) fn decode_url(text: &str) -> Result<String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::new(ErrorKind::Service, "a listed key is not UTF-8"))
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListBucketResult {
    pub name: String,
    pub encoding_type: Option<String>,
    pub next_marker: Option<String>,
    pub is_truncated: bool,
    #[serde(rename = "Contents")]
    pub contents: Vec<Contents>,
    #[serde(rename = "CommonPrefixes")]
    pub common_prefixes: Vec<CommonPrefix>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Contents {
    pub key: String,
    pub last_modified: String,
    #[serde(rename = "ETag")]
    pub etag: String,
    pub size: u64,
    pub storage_class: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CommonPrefix {
    pub prefix: String,
}

impl ListBucketResult {
    /// Decodes every key and prefix when the answer says that they are encoded.
    pub(crate) fn decoded(mut self) -> Result<Self> {
        self.next_marker = filled(self.next_marker);
        if self.encoding_type.as_deref() != Some("url") {
            return Ok(self);
        }
        for entry in &mut self.contents {
            entry.key = decode_url(&entry.key)?;
        }
        for entry in &mut self.common_prefixes {
            entry.prefix = decode_url(&entry.prefix)?;
        }
        self.next_marker = self.next_marker.as_deref().map(decode_url).transpose()?;
        Ok(self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListMultipartUploadsResult {
    #[serde(rename = "Encoding-Type", alias = "EncodingType")]
    pub encoding_type: Option<String>,
    pub next_key_marker: String,
    pub next_upload_id_marker: String,
    pub is_truncated: bool,
    #[serde(rename = "Upload")]
    pub uploads: Vec<ListedUpload>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListedUpload {
    pub key: String,
    pub upload_id: String,
    pub initiated: String,
}

impl ListMultipartUploadsResult {
    /// Decodes every key when the answer says that they are encoded.
    pub(crate) fn decoded(mut self) -> Result<Self> {
        if self.encoding_type.as_deref() == Some("url") {
            self.next_key_marker = decode_url(&self.next_key_marker)?;
            for upload in &mut self.uploads {
                upload.key = decode_url(&upload.key)?;
            }
        }
        Ok(self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListAllMyBucketsResult {
    pub buckets: Buckets,
    pub is_truncated: bool,
    pub next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Buckets {
    #[serde(rename = "Bucket")]
    pub bucket: Vec<Bucket>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Bucket {
    pub name: String,
    pub location: String,
    pub creation_date: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct InitiateResult {
    pub upload_id: String,
}

/// Of Complete and of copy: the parts both have.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct WrittenResult {
    #[serde(rename = "ETag")]
    pub etag: Option<String>,
    #[serde(rename = "CRC64")]
    pub crc64: Option<String>,
    pub last_modified: Option<String>,
    pub version_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListPartsResult {
    pub next_part_number_marker: Option<String>,
    pub is_truncated: bool,
    #[serde(rename = "Part")]
    pub parts: Vec<ListedPart>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListedPart {
    pub part_number: u32,
    #[serde(rename = "ETag")]
    pub etag: String,
    pub size: u64,
    pub last_modified: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DeleteResult {
    #[serde(rename = "Error")]
    pub errors: Vec<DeleteFailure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct DeleteFailure {
    pub key: String,
    pub version_id: Option<String>,
    pub code: String,
    pub message: String,
}

/// The body of Complete.
pub(crate) fn complete_request<'a>(parts: impl Iterator<Item = (u32, &'a str)>) -> String {
    use std::fmt::Write;
    let mut out = String::from("<CompleteMultipartUpload>");
    for (number, etag) in parts {
        let etag = quick_xml::escape::escape(etag);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        );
    }
    out.push_str("</CompleteMultipartUpload>");
    out
}

/// The body of a multi-delete that answers with failures only.
pub(crate) fn delete_request<'a>(
    objects: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> String {
    let mut out = String::from("<Delete><Quiet>true</Quiet>");
    for (key, version_id) in objects {
        out.push_str("<Object><Key>");
        escape_text(key, &mut out);
        out.push_str("</Key>");
        if let Some(version_id) = version_id {
            out.push_str("<VersionId>");
            escape_text(version_id, &mut out);
            out.push_str("</VersionId>");
        }
        out.push_str("</Object>");
    }
    out.push_str("</Delete>");
    out
}

/// `<name>text</name>`, escaped.
pub(crate) fn element(name: &str, text: &str) -> String {
    let mut out = format!("<{name}>");
    escape_text(text, &mut out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
    out
}

/// Whether XML 1.0 has all of these characters.
pub(crate) fn can_hold(text: &str) -> bool {
    let is_foreign = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    !text.chars().any(is_foreign)
}

/// Escapes markup, and CR, which an XML reader would turn into LF.
fn escape_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read_and_decoded() {
        let body = br#"<?xml version='1.0' encoding='utf-8' ?>
            <ListBucketResult><Name>b-1</Name><EncodingType>url</EncodingType><Prefix>a%2F</Prefix>
            <Marker/><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>
            <NextMarker>a%2F%E6%96%87</NextMarker><Future><X>1</X></Future>
            <Contents><Key>a%2F%01%2B%20b</Key><LastModified>2019-05-24T10:56:40.000Z</LastModified>
              <ETag>&quot;abc&quot;</ETag><Size>5</Size><Owner><ID>1</ID></Owner>
              <StorageClass>STANDARD</StorageClass></Contents>
            <CommonPrefixes><Prefix>a%2Fb%2F</Prefix></CommonPrefixes>
            <Contents><Key>a%2Fz</Key><Size>18446744073709551615</Size></Contents>
            </ListBucketResult>"#;
        let list = parse::<ListBucketResult>(body).unwrap().decoded().unwrap();
        assert_eq!(list.contents[0].key, "a/\u{1}+ b");
        assert_eq!(list.contents[0].etag, "\"abc\"");
        assert_eq!(list.contents[1].size, u64::MAX);
        assert_eq!(list.common_prefixes[0].prefix, "a/b/");
        assert_eq!(list.next_marker.as_deref(), Some("a/文"));
        assert!(list.is_truncated);
    }

    #[test]
    fn an_empty_listing_without_encoding() {
        let body = b"<ListBucketResult><IsTruncated>false</IsTruncated>\
            <NextMarker/></ListBucketResult>";
        let list = parse::<ListBucketResult>(body).unwrap().decoded().unwrap();
        assert!(list.contents.is_empty() && list.next_marker.is_none());
    }

    #[test]
    fn answers_after_keep_alive_blanks() {
        let body = b"   \n  <CompleteMultipartUploadResult><ETag>&quot;x-2&quot;</ETag>\
            </CompleteMultipartUploadResult>";
        let result: WrittenResult = parse(body).unwrap();
        assert_eq!(result.etag.as_deref(), Some("\"x-2\""));
        assert!(parse::<WrittenResult>(b"").is_err());
        assert!(parse::<WrittenResult>(b"\xff").is_err());
    }

    #[test]
    fn what_xml_cannot_hold() {
        assert!(can_hold("a b/\t\r\n文\u{7f}\u{fffd}🚀"));
        for foreign in ["a\u{0}", "\u{1}", "\u{c}", "\u{1f}", "\u{fffe}"] {
            assert!(!can_hold(foreign), "{foreign:?}");
        }
        // Replies name such keys as they are; they are read all the same.
        let body = b"<R><Key>a\x01b</Key><UploadId>u</UploadId></R>";
        assert_eq!(parse::<InitiateResult>(body).unwrap().upload_id, "u");
    }

    #[test]
    fn requests() {
        let parts = [(1, "\"a\""), (2, "b&c")];
        assert_eq!(
            complete_request(parts.into_iter()),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
             <ETag>&quot;a&quot;</ETag></Part><Part><PartNumber>2</PartNumber>\
             <ETag>b&amp;c</ETag></Part></CompleteMultipartUpload>"
        );
        assert_eq!(
            delete_request([("a<b>&\r\n\"", None), ("k", Some("v&1"))].into_iter()),
            "<Delete><Quiet>true</Quiet><Object><Key>a&lt;b&gt;&amp;&#13;&#10;\"</Key></Object>\
             <Object><Key>k</Key><VersionId>v&amp;1</VersionId></Object></Delete>"
        );
    }
}

//! Writes and reads the service's XML.

use serde::de::DeserializeOwned;

use crate::error::{Code, Result};

/// An XML document under construction. Element names are ours; only texts are escaped.
#[derive(Debug)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn new() -> Self {
        Self("<?xml version='1.0' encoding='utf-8' ?>\n".to_owned())
    }

    pub(crate) fn open(&mut self, name: &str) -> &mut Self {
        self.tag("<", name)
    }

    pub(crate) fn close(&mut self, name: &str) -> &mut Self {
        self.tag("</", name)
    }

    fn tag(&mut self, start: &str, name: &str) -> &mut Self {
        self.0.push_str(start);
        self.0.push_str(name);
        self.0.push('>');
        self
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.open(name);
        escape(text, &mut self.0);
        self.close(name)
    }

    pub(crate) fn number(&mut self, name: &str, number: impl std::fmt::Display) -> &mut Self {
        self.text(name, &number.to_string())
    }

    /// `<Grantee …>` and its like, whose attributes are part of the protocol.
    pub(crate) fn open_with(&mut self, name: &str, attributes: &str) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push(' ');
        self.0.push_str(attributes);
        self.0.push('>');
        self
    }

    /// Owner or initiator: `<Owner><ID>…</ID><DisplayName>…</DisplayName></Owner>`.
    pub(crate) fn person(&mut self, element: &str, id: &str, display_name: &str) -> &mut Self {
        self.open(element)
            .text("ID", id)
            .text("DisplayName", display_name)
            .close(element)
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            // XML 1.0 has no way to write the other control characters; clients that need such keys ask for
            // encoding-type=url.
            c if c.is_control() && c != '\n' && c != '\t' => {
                out.push_str(&format!("&#x{:X};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
}

/// Reads a request's XML; names are matched without their namespace.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(body).map_err(|_| Code::MalformedXML)?;
    if text.trim().is_empty() {
        return Err(Code::MissingRequestBodyError.into());
    }
    quick_xml::de::from_str(text).map_err(|error| {
        tracing::debug!(%error, "request XML refused");
        Code::MalformedXML.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let mut xml = Xml::new();
        xml.text("K", "a<b>&\"\u{1}中\r");
        assert!(
            xml.finish()
                .ends_with("<K>a&lt;b&gt;&amp;&quot;&#x1;中&#xD;</K>")
        );
    }

    #[test]
    fn reads_with_namespace() {
        #[derive(serde::Deserialize)]
        struct Tag {
            #[serde(rename = "Key")]
            key: String,
        }
        let tag: Tag = parse(b"<Tag xmlns=\"http://x\"><Key>a&amp;b</Key><More/></Tag>").unwrap();
        assert_eq!(tag.key, "a&b");
        assert_eq!(
            parse::<Tag>(b"<Tag><Key>").err().unwrap().code,
            "MalformedXML"
        );
        assert_eq!(
            parse::<Tag>(b" ").err().unwrap().code,
            "MissingRequestBodyError"
        );
    }
}

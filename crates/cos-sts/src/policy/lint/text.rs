//! JSON with the place of every value, in order, names given twice included.

use serde_json::Value;

/// A value and where it stands in the text.
#[derive(Debug)]
pub(super) struct Node {
    /// First byte, and one past the last.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A string, decoded.
    Text(String),
    /// A number, a bool or null, as written.
    Other(String),
    Array(Vec<Node>),
    Object(Vec<(Node, Node)>),
}

impl Node {
    /// Reads text that is known to be JSON (`serde_json` said so, which also bounds the depth).
    pub(super) fn read(json: &str) -> Option<Self> {
        let mut reader = Reader { json, at: 0 };
        reader.blanks();
        reader.value()
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A string, decoded, or a number or bool as written.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Other(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of an object; none for anything else.
    pub(super) fn entries(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of an array; of anything else the thing itself.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The JSON of this value without blanks, with some elements replaced (`Some`) or left out (`None`).
    pub(super) fn render_with(&self, changes: &[(&Self, Option<String>)]) -> Option<String> {
        if let Some((_, change)) = changes.iter().find(|(node, _)| std::ptr::eq(*node, self)) {
            return change.clone();
        }
        Some(match &self.kind {
            Kind::Text(text) => quote(text),
            Kind::Other(raw) => raw.clone(),
            Kind::Array(items) => {
                let items = items.iter().filter_map(|n| n.render_with(changes));
                format!("[{}]", items.collect::<Vec<_>>().join(","))
            }
            Kind::Object(entries) => {
                let entries = entries.iter().filter_map(|(name, value)| {
                    let value = value.render_with(changes)?;
                    Some(format!("{}:{value}", name.render_with(&[])?))
                });
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        })
    }
}

/// A string as JSON.
pub(super) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// Strings as a JSON array.
pub(super) fn quote_all<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<_> = texts.into_iter().map(|t| quote(t.as_ref())).collect();
    format!("[{}]", quoted.join(","))
}

/// The line of a byte offset, from 1.
pub(super) fn line_of(json: &str, at: usize) -> usize {
    1 + json.bytes().take(at).filter(|b| *b == b'\n').count()
}

struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Skips `byte` and the blanks around it, if it comes next.
    fn skip(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.blanks();
        }
        found
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.at;
        let kind = match self.peek()? {
            b'{' => Kind::Object(self.list(b'}', |reader| {
                let name = reader.value()?;
                reader.skip(b':').then_some(())?;
                Some((name, reader.value()?))
            })?),
            b'[' => Kind::Array(self.list(b']', Self::value)?),
            b'"' => {
                self.string();
                Kind::Text(serde_json::from_str(self.json.get(start..self.at)?).ok()?)
            }
            _ => {
                let ends = |b: u8| matches!(b, b',' | b']' | b'}') || b.is_ascii_whitespace();
                while self.peek().is_some_and(|b| !ends(b)) {
                    self.at += 1;
                }
                Kind::Other(self.json.get(start..self.at)?.to_owned())
            }
        };
        Some(Node {
            start,
            end: self.at,
            kind,
        })
    }

    fn list<T>(&mut self, end: u8, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        while self.peek()? != end {
            items.push(item(self)?);
            if !self.skip(b',') {
                break;
            }
        }
        self.blanks();
        (self.peek()? == end).then_some(())?;
        self.at += 1;
        Some(items)
    }

    /// Moves past a string's closing quote.
    fn string(&mut self) {
        self.at += 1;
        while let Some(b) = self.peek() {
            self.at += 1;
            match b {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_and_text() {
        let json = " {\"a\" : [1, \"x\\\"y\\u4e2d\", null],\n\"a\":{ } }";
        let node = Node::read(json).unwrap();
        let (name, value) = &node.entries()[0];
        assert_eq!(name.text(), Some("a"));
        let item = &value.items()[1];
        assert_eq!(item.text(), Some("x\"y中"));
        assert_eq!(&json[item.start..item.end], "\"x\\\"y\\u4e2d\"");
        assert_eq!(line_of(json, node.entries()[1].0.start), 2);
        let changes = [(item, Some("7".to_owned())), (&node.entries()[1].1, None)];
        assert_eq!(node.render_with(&changes).unwrap(), r#"{"a":[1,7,null]}"#);
    }

    proptest! {
        #[test]
        fn reads_whatever_serde_json_reads(json in r#"[\[\]{}:,"a1\\ n]{0,24}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&json) {
                let node = Node::read(&json);
                prop_assert!(node.is_some());
                let again = node.and_then(|n| n.render_with(&[])).unwrap_or_default();
                prop_assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), value);
            }
        }
    }
}

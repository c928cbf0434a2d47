//! XML element by element, for the documents that every program may have to read: errors, and where a bucket is.
//! serde's way, [`crate::xml`], weighs some 40 KB more (docs/size.md).

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Tells `ended` of every element that ends: how deep it is (the outermost is 1), its name, and the text since the
/// last element began. `None` when the text is not a whole document, whatever was told before.
pub(crate) fn read(text: &str, ended: &mut dyn FnMut(usize, &str, &str)) -> Option<()> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut value) = (0_usize, String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) => {
                depth += 1;
                value.clear();
            }
            Event::Text(text) => value.push_str(&text.xml10_content()),
            Event::CData(text) => value.push_str(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(character) => value.push(character),
                None => value.push_str(resolve_predefined_entity(&name)?),
            },
            Event::End(element) => {
                ended(depth, element.name().as_ref(), &value);
                depth = depth.checked_sub(1)?;
            }
            Event::Eof => return (depth == 0).then_some(()),
            _ => {}
        }
    }
}

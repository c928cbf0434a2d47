//! The resume record as bytes that can be kept anywhere and carried to another machine.
//!
//! ```text
//! cos-resume/1 <CRC-64 of the rest, 16 hex digits>
//! {"kind":"upload","bucket":…,"key":…,"upload_id":…,"done":"0-41,43","sums":"…","tags":"…"}
//! ```
//!
//! Sums (8 bytes) and tags (16) of finished parts are packed, so that 10,000 parts take 320 KB.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::record::{Checkpoint, Done, InvalidRecord, Kind, Tag, is_temporary_name};
use crate::transfer::plan;
use crate::types::MAX_PARTS;

const MAGIC: &str = "cos-resume/";
const VERSION: &str = "1";
/// More ranges than any download has (48.8 TiB in pieces of 1 MiB).
const MAX_RANGES: u64 = plan::MAX_OBJECT / plan::MIN_PART_SIZE;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    kind: WireKind,
    bucket: &'a str,
    region: &'a str,
    key: String,
    size: u64,
    part_size: u64,
    settings: &'a str,
    saved_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crc64: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary: Option<String>,
    done: String,
    sums: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<WireTags>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum WireKind {
    Upload,
    Download,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireTags {
    Md5(String),
    List(Vec<String>),
}

impl Checkpoint {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (mut upload_id, mut etag, mut crc64, mut temporary) = (None, None, None, None);
        let kind = match &self.kind {
            Kind::Upload { upload_id: id } => {
                upload_id = Some(id.clone());
                WireKind::Upload
            }
            Kind::Download {
                etag: tag,
                crc64: crc,
                temporary: name,
            } => {
                (etag, crc64, temporary) = (Some(tag.clone()), *crc, Some(name.clone()));
                WireKind::Download
            }
        };
        let sums: Vec<u8> = self
            .done
            .values()
            .flat_map(|d| d.crc.to_le_bytes())
            .collect();
        let wire = Wire {
            tags: (kind == WireKind::Upload).then(|| self.pack_tags()),
            kind,
            bucket: &self.bucket,
            region: &self.region,
            key: self.key.clone(),
            size: self.size,
            part_size: self.part_size,
            settings: &self.settings,
            saved_s: self.saved_s,
            upload_id,
            etag,
            crc64,
            temporary,
            done: write_runs(self.done.keys().copied()),
            sums: STANDARD.encode(sums),
        };
        // Strings, numbers and lists always become JSON.
        let mut body = serde_json::to_string(&wire).unwrap_or_default();
        body.push('\n');
        let sum = cos_crc64::checksum(body.as_bytes());
        format!("{MAGIC}{VERSION} {sum:016x}\n{body}").into_bytes()
    }

    fn pack_tags(&self) -> WireTags {
        let tags = || self.done.values().filter_map(|d| d.tag.as_ref());
        let mut packed = Vec::with_capacity(self.done.len() * 16);
        for tag in tags() {
            match tag {
                Tag::Md5(md5) => packed.extend_from_slice(md5),
                Tag::Other(_) => {
                    let list = tags().map(|t| t.etag().as_str().to_owned());
                    return WireTags::List(list.collect());
                }
            }
        }
        WireTags::Md5(STANDARD.encode(packed))
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let rest = bytes.strip_prefix(MAGIC.as_bytes());
        let rest = rest.ok_or(InvalidRecord::Foreign)?;
        let text = std::str::from_utf8(rest).map_err(|_| InvalidRecord::Damaged)?;
        let (head, body) = text.split_once('\n').ok_or(InvalidRecord::Damaged)?;
        let (version, sum) = head.split_once(' ').ok_or(InvalidRecord::Damaged)?;
        if version != VERSION {
            let is_number = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
            return Err(if is_number {
                InvalidRecord::Newer
            } else {
                InvalidRecord::Damaged
            });
        }
        if sum != format!("{:016x}", cos_crc64::checksum(body.as_bytes())) {
            return Err(InvalidRecord::Damaged);
        }
        let wire: Wire<'_> = serde_json::from_str(body).map_err(|_| InvalidRecord::Damaged)?;
        // From here on the content is as it was written; but by whom?
        Self::from_wire(wire).ok_or(InvalidRecord::Damaged)
    }

    fn from_wire(wire: Wire<'_>) -> Option<Self> {
        plan::check_part_size(wire.part_size).ok()?;
        let count = wire.size.div_ceil(wire.part_size);
        let limit = match wire.kind {
            WireKind::Upload => u64::from(MAX_PARTS),
            WireKind::Download => MAX_RANGES,
        };
        if count == 0 || count > limit {
            return None;
        }
        let sums = STANDARD.decode(&wire.sums).ok()?;
        let (sums, []) = sums.as_chunks::<8>() else {
            return None;
        };
        let indexes = read_runs(&wire.done, u32::try_from(count).ok()?, sums.len())?;
        let (kind, tags) = match wire.kind {
            WireKind::Upload => {
                let upload_id = wire.upload_id.filter(|id| !id.is_empty())?;
                (Kind::Upload { upload_id }, read_tags(wire.tags?)?)
            }
            WireKind::Download => {
                let kind = Kind::Download {
                    etag: wire.etag.filter(|t| !t.is_empty())?,
                    crc64: wire.crc64,
                    temporary: wire.temporary.filter(|t| is_temporary_name(t))?,
                };
                (kind, vec![None; indexes.len()])
            }
        };
        if tags.len() != indexes.len() {
            return None;
        }
        let pieces = sums.iter().zip(tags).map(|(crc, tag)| Done {
            crc: u64::from_le_bytes(*crc),
            tag,
        });
        Some(Self {
            bucket: wire.bucket.to_owned(),
            region: wire.region.to_owned(),
            key: wire.key,
            size: wire.size,
            part_size: wire.part_size,
            settings: wire.settings.to_owned(),
            saved_s: wire.saved_s,
            kind,
            done: indexes.into_iter().zip(pieces).collect(),
        })
    }
}

fn read_tags(tags: WireTags) -> Option<Vec<Option<Tag>>> {
    match tags {
        WireTags::Md5(packed) => {
            let packed = STANDARD.decode(packed).ok()?;
            let (tags, []) = packed.as_chunks::<16>() else {
                return None;
            };
            Some(tags.iter().map(|md5| Some(Tag::Md5(*md5))).collect())
        }
        WireTags::List(list) => Some(list.iter().map(|t| Some(Tag::read(t))).collect()),
    }
}

/// `0-3,5` for 0, 1, 2, 3 and 5.
fn write_runs(indexes: impl Iterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let text = runs.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    text.collect::<Vec<_>>().join(",")
}

/// Exactly `expected` rising indexes below `count`.
fn read_runs(text: &str, count: u32, expected: usize) -> Option<Vec<u32>> {
    let mut indexes = Vec::new();
    let mut next = 0;
    for run in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        let room = expected - indexes.len();
        if first < next || last < first || last >= count || (last - first) as usize >= room {
            return None;
        }
        indexes.extend(first..=last);
        next = last + 1;
    }
    (indexes.len() == expected).then_some(indexes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::temporary_name;
    use super::*;

    fn checkpoints() -> impl Strategy<Value = Checkpoint> {
        let tag = prop_oneof![
            any::<[u8; 16]>().prop_map(Tag::Md5),
            "[a-z0-9\"-]{0,20}".prop_map(|t| Tag::read(&t)),
        ];
        let done = prop::collection::btree_map(0_u32..40, (any::<u64>(), tag), 0..40);
        let upload = ".{1,20}".prop_map(|upload_id| Kind::Upload { upload_id });
        let download =
            (".{1,20}", any::<Option<u64>>(), any::<u64>()).prop_map(|(etag, crc64, n)| {
                let temporary = temporary_name(n);
                Kind::Download {
                    etag,
                    crc64,
                    temporary,
                }
            });
        let kind = prop_oneof![upload, download];
        (".{1,30}", kind, done, any::<u64>(), 1_u64..1 << 20).prop_map(
            |(key, kind, done, saved_s, last)| {
                let is_upload = matches!(kind, Kind::Upload { .. });
                let done = done.into_iter().map(|(index, (crc, tag))| {
                    let tag = is_upload.then_some(tag);
                    (index, Done { crc, tag })
                });
                Checkpoint {
                    bucket: "demo-1250000000".into(),
                    region: "ap-guangzhou".into(),
                    key,
                    size: 39 * plan::MIN_PART_SIZE + last,
                    part_size: plan::MIN_PART_SIZE,
                    settings: "00ff".into(),
                    saved_s,
                    kind,
                    done: done.collect(),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote(checkpoint in checkpoints()) {
            let bytes = checkpoint.encode();
            prop_assert_eq!(Checkpoint::decode(&bytes), Ok(checkpoint));
        }

        #[test]
        fn any_changed_byte_is_refused(checkpoint in checkpoints(), at in any::<prop::sample::Index>(),
                                       change in 1_u8..) {
            let mut bytes = checkpoint.encode();
            let at = at.index(bytes.len());
            bytes[at] ^= change;
            prop_assert!(Checkpoint::decode(&bytes).is_err());
        }

        #[test]
        fn any_cut_is_refused(checkpoint in checkpoints(), at in any::<prop::sample::Index>()) {
            let bytes = checkpoint.encode();
            prop_assert!(Checkpoint::decode(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Checkpoint::decode(&bytes);
            let _ = Checkpoint::decode(&[MAGIC.as_bytes(), &bytes].concat());
        }

        #[test]
        fn runs(set in prop::collection::btree_set(0_u32..60, 0..60)) {
            let text = write_runs(set.iter().copied());
            prop_assert_eq!(read_runs(&text, 60, set.len() + 1), None);
            prop_assert_eq!(read_runs(&text, 60, set.len()), Some(set.into_iter().collect()));
        }
    }

    #[test]
    fn every_single_changed_byte_of_one_record_is_refused() {
        let bytes = largest(40).encode();
        for at in 0..bytes.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= change;
                assert!(Checkpoint::decode(&damaged).is_err(), "{at} {change}");
            }
        }
    }

    fn largest(parts: u32) -> Checkpoint {
        let done = (0..parts).map(|i| {
            let tag = Some(Tag::Md5(u128::from(i).to_be_bytes()));
            (i, Done { crc: u64::MAX, tag })
        });
        Checkpoint {
            bucket: "demo-1250000000".into(),
            region: "ap-guangzhou".into(),
            key: "k".repeat(850),
            size: u64::from(parts) * plan::MIN_PART_SIZE,
            part_size: plan::MIN_PART_SIZE,
            settings: "0".repeat(32),
            saved_s: 1_700_000_000,
            kind: Kind::Upload {
                upload_id: "u".repeat(64),
            },
            done: done.collect(),
        }
    }

    #[test]
    fn ten_thousand_parts_stay_small() {
        let whole = largest(MAX_PARTS);
        let bytes = whole.encode();
        assert!(bytes.len() < 330_000, "{}", bytes.len());
        assert_eq!(whole.missing(), []);
        assert_eq!(whole.done_bytes(), whole.size);
    }

    #[test]
    fn what_it_is_not_has_a_name() {
        let decode = |text: &str| Checkpoint::decode(text.as_bytes()).unwrap_err();
        assert_eq!(decode(""), InvalidRecord::Foreign);
        assert_eq!(decode("{}"), InvalidRecord::Foreign);
        assert_eq!(decode("cos-resume/2 0\nx"), InvalidRecord::Newer);
        assert_eq!(decode("cos-resume/1 0\n{}"), InvalidRecord::Damaged);
    }

    #[test]
    fn a_record_made_by_hand_leads_nowhere_else() {
        let mut checkpoint = largest(2);
        checkpoint.kind = Kind::Download {
            etag: "\"e\"".into(),
            crc64: None,
            temporary: "../../etc/passwd".into(),
        };
        let decoded = Checkpoint::decode(&checkpoint.encode());
        assert_eq!(decoded, Err(InvalidRecord::Damaged));
        let mut checkpoint = largest(2);
        checkpoint.part_size = 0;
        checkpoint.done.clear();
        let decoded = Checkpoint::decode(&checkpoint.encode());
        assert_eq!(decoded, Err(InvalidRecord::Damaged));
        assert!(!is_temporary_name(".cos-../../../../x.part"));
    }
}

//! Reads the data directory at start.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::bucket::{Bucket, BucketRecord, ObjectRecord, Objects, Uploads};
use super::disk::Disk;
use super::upload::{Part, Upload, UploadInfo};

pub(super) fn buckets(disk: &Disk) -> io::Result<BTreeMap<String, Arc<Bucket>>> {
    let mut buckets = BTreeMap::new();
    let root = Path::new("buckets");
    for name in disk.directories(root)? {
        let dir = root.join(&name);
        let Some((_, json)) = disk
            .records(&dir)?
            .into_iter()
            .find(|(file, _)| file == "bucket.json")
        else {
            continue;
        };
        let record: BucketRecord = parse(&json)?;
        let bucket = Bucket::restored(record, objects(disk, &dir)?, uploads(disk, &dir)?);
        buckets.insert(name, Arc::new(bucket));
    }
    Ok(buckets)
}

fn objects(disk: &Disk, dir: &Path) -> io::Result<Objects> {
    let mut objects = Objects::new();
    let root = dir.join("objects");
    for shard in disk.directories(&root)? {
        for (_, json) in disk.records(&root.join(shard))? {
            let record: ObjectRecord<'_> = parse(&json)?;
            let mut versions = record.versions;
            for version in &mut versions {
                let version = Arc::make_mut(version);
                version.content = content(disk, version.segments(), &record.key)?;
            }
            objects.insert(record.key.into_owned(), versions);
        }
    }
    Ok(objects)
}

fn uploads(disk: &Disk, dir: &Path) -> io::Result<Uploads> {
    let mut uploads = Uploads::new();
    for (_, json) in disk.records(&dir.join("uploads"))? {
        let info: UploadInfo = parse(&json)?;
        let mut parts = BTreeMap::new();
        for (_, json) in disk.records(&dir.join("parts").join(&info.id))? {
            let mut part: Part = parse(&json)?;
            part.content = content(disk, part.segments(), &info.key)?;
            parts.insert(part.number, Arc::new(part));
        }
        uploads.insert(
            (info.key.clone(), info.id.clone()),
            Arc::new(Upload::new(info, parts)),
        );
    }
    Ok(uploads)
}

fn content(
    disk: &Disk,
    segments: &[super::content::SegmentRecord],
    key: &str,
) -> io::Result<super::Content> {
    disk.content(segments).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the data directory misses bytes of {key:?}"),
        )
    })
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> io::Result<T> {
    serde_json::from_slice(json).map_err(io::Error::other)
}

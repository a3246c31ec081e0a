//! A kept object that is damaged or lost, made whole by somebody who sends its data set again.
//!
//! Files of one instance differ from sender to sender in their file meta information (PS3.10 §7.1), so what comes has seldom the digest of what was
//! kept. What was kept is known by that digest: whatever is put together here takes its place only where it is the same to the bit.

use std::io::{Read as _, Seek as _, SeekFrom};

use bytes::Bytes;

use crate::Store;
use crate::arrival::Arrival;
use crate::error::{StoreError, disk};
use crate::objects::{Object, blocking};
use crate::receive::Standing;
use crate::spool::Spool;

/// Where the file meta information begins: behind preamble and prefix.
const META: usize = 132;
/// Source Application Entity Title.
const SOURCE: [u8; 4] = [0x02, 0x00, 0x16, 0x00];
/// No file meta information is longer.
const MOST_META_BYTES: u64 = 1 << 16;
/// What is copied at a time.
const PART_BYTES: usize = 1 << 20;

impl Store {
    /// Puts the file of a kept object back, where the data set that came makes it what it was: behind its own beginning, if that can still be read, or
    /// behind the one that came with the title of whoever sent it then. Gives whether it did; the received one stays as it is.
    pub(crate) async fn heal(
        &self,
        spool: &Spool,
        arrival: &Arrival,
        kept: &Standing,
    ) -> Result<bool, StoreError> {
        let data_set = arrival.data_set();
        if arrival.object.size - data_set != kept.object.size - kept.data_set
            || kept.data_set > MOST_META_BYTES
        {
            return Ok(false);
        }
        let own = self.inner.objects.beginning(&kept.object, kept.data_set).await;
        let came = spool.path().to_owned();
        let head = blocking(move || read(&came, data_set)).await?.map_err(disk("read a received object"))?;
        let heads = own.into_iter().chain(with_source(&head, &kept.origin).map(Bytes::from));
        for head in heads.filter(|head| head.len() as u64 == kept.data_set) {
            let (incoming, came) = (std::sync::Arc::clone(&self.inner.incoming), spool.path().to_owned());
            let put_together = move || {
                let mut whole = incoming.spool()?;
                incoming.write(&mut whole, &head)?;
                let mut file = std::fs::File::open(came).map_err(disk("read a received object"))?;
                file.seek(SeekFrom::Start(data_set)).map_err(disk("read a received object"))?;
                let mut part = vec![0; PART_BYTES];
                loop {
                    let length = file.read(&mut part).map_err(disk("read a received object"))?;
                    if length == 0 {
                        break;
                    }
                    incoming.write(&mut whole, &part[..length])?;
                }
                let object = whole.finish()?;
                Ok::<_, StoreError>((whole, object))
            };
            let (whole, object): (Spool, Object) = blocking(put_together).await??;
            if object == kept.object {
                self.inner.objects.upload(&whole, &object).await?;
                self.inner.objects.publish(vec![(whole.path().to_owned(), object)]).await?;
                tracing::info!(
                    digest = kept.object.digest,
                    "a kept object that could not be read is whole again: its data set was sent once more"
                );
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn read(path: &std::path::Path, length: u64) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(length.min(MOST_META_BYTES)).read_to_end(&mut head)?;
    Ok(head)
}

/// The beginning of a file up to its data set, as of another sender; `None` where it does not name one as this node writes it.
fn with_source(head: &[u8], title: &str) -> Option<Vec<u8>> {
    let mut at = META;
    while head.get(at..at + 4)? != SOURCE {
        at += element_bytes(head.get(at..)?)?;
    }
    let (before, after) = (head.get(..at)?, head.get(at + element_bytes(head.get(at..)?)?..)?);
    let mut value = title.as_bytes().to_vec();
    if !value.len().is_multiple_of(2) {
        value.push(b' ');
    }
    let length = u16::try_from(value.len()).ok()?.to_le_bytes();
    let mut whole = [before, &SOURCE, b"AE", &length, &value, after].concat();
    // The group length, where it stands, counts what is behind itself.
    if whole.get(META..META + 8)? == [0x02, 0x00, 0x00, 0x00, b'U', b'L', 4, 0] {
        let group = u32::try_from(whole.len() - META - 12).ok()?.to_le_bytes();
        whole.get_mut(META + 8..META + 12)?.copy_from_slice(&group);
    }
    Some(whole)
}

/// The length of an element in explicit little endian, header and value.
fn element_bytes(element: &[u8]) -> Option<usize> {
    let short = u16::from_le_bytes([*element.get(6)?, *element.get(7)?]);
    if matches!(element.get(4..6)?, b"OB" | b"UN" | b"UT" | b"OW") {
        let length = u32::from_le_bytes(element.get(8..12)?.try_into().ok()?);
        return (12_usize).checked_add(usize::try_from(length).ok()?);
    }
    Some(8 + usize::from(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(source: Option<&str>) -> Vec<u8> {
        let mut group = vec![2, 0, 1, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 0, 1];
        group.extend_from_slice(b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\x00");
        if let Some(source) = source {
            group.extend_from_slice(&SOURCE);
            group.extend_from_slice(b"AE");
            group.extend_from_slice(&(source.len() as u16).to_le_bytes());
            group.extend_from_slice(source.as_bytes());
        }
        let length = (group.len() as u32).to_le_bytes();
        [&[0; 128][..], b"DICM", &[2, 0, 0, 0, b'U', b'L', 4, 0], &length, &group].concat()
    }

    #[test]
    fn a_beginning_is_that_of_another_sender_with_its_title() {
        assert_eq!(with_source(&head(Some("MODALITY")), "ARCHIVE "), Some(head(Some("ARCHIVE "))));
        assert_eq!(with_source(&head(Some("MODALITY")), "ODD"), Some(head(Some("ODD "))));
        for none in [head(None), vec![0; 140], Vec::new(), head(Some("MODALITY"))[..150].to_vec()] {
            assert_eq!(with_source(&none, "ARCHIVE"), None);
        }
    }
}

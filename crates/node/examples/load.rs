//! Sends DICOM files as fast as they are taken, an association for each folder: `load ADDR:PORT AET FOLDER…` prints the seconds until the last
//! response. Files are in memory before the first is sent, so that what is measured is the other node and the way to it.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream;
use peony_node::archive::Instance;
use peony_node::status::Kind;
use peony_node::{AeTitle, Limits, Proposal, connect, sop_class, transfer_syntax};

type Failed = Box<dyn Error + Send + Sync>;

/// As large as what a PDU brings at a time.
const PART_BYTES: usize = 64 << 10;
const PREAMBLE: usize = 132;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let usage = "load ADDR:PORT AET FOLDER…";
    let mut args = std::env::args().skip(1);
    let (address, title) = (args.next().ok_or(usage)?, args.next().ok_or(usage)?);
    let theirs: AeTitle = title.parse()?;
    let folders: Vec<Vec<(Instance, Bytes)>> =
        args.map(|folder| read(Path::new(&folder))).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let senders: Vec<_> =
        folders.into_iter().map(|files| tokio::spawn(send(address.clone(), theirs.clone(), files))).collect();
    for sender in senders {
        sender.await??;
    }
    println!("{}", began.elapsed().as_secs_f64());
    Ok(())
}

async fn send(address: String, theirs: AeTitle, files: Vec<(Instance, Bytes)>) -> Result<(), Failed> {
    let Some((first, _)) = files.first() else { return Ok(()) };
    let class = sop_class::of(&first.sop_class_uid).ok_or("an unknown class")?;
    let known = transfer_syntax::TABLE.iter().find(|known| known.uid == first.transfer_syntax_uid);
    let syntax = known.ok_or("an unknown transfer syntax")?.uid;
    let proposals = [Proposal { class, transfer_syntaxes: vec![syntax], provides: false }];
    let mut association =
        connect(&address, None, &"LOAD".parse()?, &theirs, &proposals, &Limits::default()).await?;
    for (instance, data_set) in files {
        let parts = (0..data_set.len()).step_by(PART_BYTES);
        let parts =
            parts.map(|at| Ok::<_, io::Error>(data_set.slice(at..data_set.len().min(at + PART_BYTES))));
        let status = association.store(&instance, stream::iter(parts.collect::<Vec<_>>()), None).await?;
        let status = status.ok_or("the class was not accepted")?;
        if status.kind() != Kind::Success {
            return Err(format!("{status:?}").into());
        }
    }
    association.release().await?;
    Ok(())
}

/// Every file of a folder: what its file meta information says, and its data set.
fn read(folder: &Path) -> Result<Vec<(Instance, Bytes)>, Failed> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = Bytes::from(std::fs::read(entry?.path())?);
        files.push(parted(&file).ok_or("a file without its meta information")?);
    }
    Ok(files)
}

fn parted(file: &Bytes) -> Option<(Instance, Bytes)> {
    let number = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?) as usize);
    let end = PREAMBLE + 12 + number(PREAMBLE + 8)?;
    let (mut at, mut said) = (PREAMBLE + 12, [const { String::new() }; 3]);
    while at < end {
        let element = u16::from_le_bytes(file.get(at + 2..at + 4)?.try_into().ok()?);
        let long = file.get(at + 4..at + 6)? == b"OB";
        let length = if long { number(at + 8)? } else { number(at + 6)? & 0xffff };
        let value = at + if long { 12 } else { 8 };
        let text = || {
            Some(String::from_utf8_lossy(file.get(value..value + length)?).trim_end_matches('\0').to_owned())
        };
        if let Some(which) = [0x0002, 0x0003, 0x0010].iter().position(|wanted| *wanted == element) {
            said[which] = text()?;
        }
        at = value + length;
    }
    let [sop_class_uid, instance_uid, transfer_syntax_uid] = said;
    let study_uid = String::new();
    Some((Instance { study_uid, sop_class_uid, instance_uid, transfer_syntax_uid }, file.slice(end..)))
}

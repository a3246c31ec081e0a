//! What comes in is there, once, unchanged, or is not there at all.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt as _, future::join_all, stream};
use peony_dicom::Tag;
use peony_dicom::written::{self, IMPLICIT_LITTLE, Target};
use peony_store::made_up::{self, Pixels};
use peony_store::{Outcome, Store, StoreError};

use crate::kit::{
    self, CINE, INSTANCE_UID, SERIES_UID, SMALL, STUDY_UID, bytes, faults, file, kept, put, receive,
};

pub async fn what_was_received_comes_back(store: &Store) {
    let (still, cine) = (file(1, &[], Pixels::Native { frames: 3, size: [300, 500] }), file(2, &[], CINE));
    for sent in [&still, &cine] {
        let receipt = receive(store, sent).await.unwrap();
        assert_eq!((receipt.outcome, receipt.size), (Outcome::Kept, sent.len() as u64));
        let kept = kept(store, &receipt.instance_uid).await.unwrap();
        assert_eq!(bytes(store, &kept).await.unwrap(), *sent);
        assert_eq!(kept.object.digest, receipt.digest);
    }
    let kinds: Vec<String> =
        store.events_after(0, 10).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["arrived", "arrived"]);
}

pub async fn a_frame_is_found_without_the_rest(store: &Store) {
    let native = Pixels::Native { frames: 3, size: [300, 500] };
    let pixels = made_up::body(native, 1);
    let kept = kept(store, &receive(store, &file(1, &[], native)).await.unwrap().instance_uid).await.unwrap();
    for index in 0..3 {
        let at = 12 + index * 150_000;
        assert_eq!(store.frame(&kept, index as u64).await.unwrap(), pixels[at..at + 150_000], "{index}");
    }
    let pixels = made_up::body(CINE, 2);
    let kept =
        kit::kept(store, &receive(store, &file(2, &[], CINE)).await.unwrap().instance_uid).await.unwrap();
    assert_eq!(kept.frame_count, 7);
    for index in 0..7 {
        let at = 12 + 8 + 8 + index * 30_008;
        assert_eq!(store.frame(&kept, index as u64).await.unwrap(), pixels[at..at + 30_000], "{index}");
    }
    assert!(matches!(store.frame(&kept, 7).await, Err(StoreError::Missing("frame"))));
}

pub async fn the_same_again_is_accepted_and_another_kept_aside(store: &Store) {
    let first = file(1, &[], SMALL);
    let receipt = receive(store, &first).await.unwrap();
    assert_eq!(receive(store, &first).await.unwrap().outcome, Outcome::AlreadyThere);
    // Another sender writes other file meta information before the same data set.
    let mut sent_by_another = first[..132].to_vec();
    sent_by_another.extend(b"\x02\x00\x13\x00SH\x06\x00OTHER ");
    sent_by_another.extend(&first[132..]);
    assert_eq!(receive(store, &sent_by_another).await.unwrap().outcome, Outcome::AlreadyThere);
    assert!(store.kept_aside(10).await.unwrap().is_empty());

    let other = made_up::file(&made_up::attributes(1), SMALL, 999);
    for _ in 0..2 {
        assert_eq!(receive(store, &other).await.unwrap().outcome, Outcome::KeptAside);
    }
    let aside = store.kept_aside(10).await.unwrap();
    assert_eq!(aside.len(), 1, "once, however often it comes");
    let there = aside[0].kept.as_ref().unwrap();
    assert_eq!((there.digest.as_str(), aside[0].origin.as_str()), (receipt.digest.as_str(), "PROBE"));
    let kept = kept(store, &receipt.instance_uid).await.unwrap();
    assert_eq!(bytes(store, &kept).await.unwrap(), first, "the first one stays");
    assert!(store.has_aside(&receipt.instance_uid, "PROBE").await.unwrap());
    store.reject_aside(aside[0].id, "a person").await.unwrap();
    assert!(store.kept_aside(10).await.unwrap().is_empty());
    assert!(
        !store.has_aside(&receipt.instance_uid, "PROBE").await.unwrap(),
        "a person knows which one counts"
    );
    assert!(matches!(store.reject_aside(aside[0].id, "a person").await, Err(StoreError::Missing(_))));
    assert!(faults(store).await.is_empty());
}

/// An item of a sequence, as long as it says or up to its delimiters, behind the number of bytes of its group or not.
fn step(value: &[u8; 6], undefined: bool, group_length: bool) -> Vec<u8> {
    let element = [b"\x40\0\x09\0SH\x06\0", &value[..]].concat();
    let mut bytes = if group_length { b"\x40\0\0\0UL\x04\0\x22\0\0\0".to_vec() } else { Vec::new() };
    bytes.extend(b"\x40\0\x75\x02SQ\0\0");
    if undefined {
        bytes.extend(b"\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF");
        bytes.extend(element);
        bytes.extend(b"\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0");
    } else {
        bytes.extend(b"\x16\0\0\0\xFE\xFF\0\xE0\x0E\0\0\0");
        bytes.extend(element);
    }
    bytes
}

pub async fn the_same_in_another_encoding_is_the_same(store: &Store) {
    let attributes = made_up::attributes(1);
    let file = |step: Vec<u8>| [made_up::head(&attributes, SMALL), step, made_up::body(SMALL, 1)].concat();
    let receipt = receive(store, &file(step(b"STEP 1", false, false))).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::Kept);
    let kept = kept(store, &receipt.instance_uid).await.unwrap();
    let parts = store.rewritten(&kept, Target::ImplicitLittle, (), None).await.unwrap();
    let parts: Vec<Bytes> = parts.map(Result::unwrap).collect().await;
    let meta = written::file_meta(&receipt.sop_class_uid, &receipt.instance_uid, IMPLICIT_LITTLE);
    let implicit = [meta, parts.concat()].concat();
    let mut another = implicit.clone();
    let at = another.windows(6).position(|six| six == b"STEP 1").unwrap();
    another[at + 5] = b'2';
    // Pixels of eight bits may be said to be bytes or words.
    let mut words = file(step(b"STEP 1", false, false));
    let at = words.windows(6).position(|six| six == b"\xE0\x7F\x10\0OB").unwrap();
    words[at + 5] = b'W';
    for (what, sent, expect) in [
        ("with another value representation of as many letters", words, Outcome::AlreadyThere),
        ("up to delimiters", file(step(b"STEP 1", true, false)), Outcome::AlreadyThere),
        ("with the length of a group", file(step(b"STEP 1", false, true)), Outcome::AlreadyThere),
        ("without value representations", implicit, Outcome::AlreadyThere),
        ("another value up to delimiters", file(step(b"STEP 2", true, false)), Outcome::KeptAside),
        ("another value without value representations", another, Outcome::KeptAside),
        ("without the step", file(Vec::new()), Outcome::KeptAside),
    ] {
        assert_eq!(receive(store, &sent).await.unwrap().outcome, expect, "{what}");
    }
    assert!(faults(store).await.is_empty());
}

#[tokio::test]
async fn sqlite_the_same_in_another_encoding_is_the_same() {
    the_same_in_another_encoding_is_the_same(&kit::store().await.1).await;
}

/// Of many that come at once, with the same one several times among them, each is answered as if it came alone.
pub async fn many_at_once_are_each_answered(store: &Store) {
    let files: Vec<Vec<u8>> = (0..40_u64)
        .map(|number| {
            let own = number / 2;
            let uids = [format!("2.25.5{own:04}"), "2.25.6".into(), "2.25.7".into()];
            file(7, &[(INSTANCE_UID, &uids[0]), (STUDY_UID, &uids[1]), (SERIES_UID, &uids[2])], SMALL)
        })
        .collect();
    let receipts = join_all(files.iter().map(|file| receive(store, file))).await;
    let mut kept = 0;
    for receipt in receipts {
        match receipt.unwrap().outcome {
            Outcome::Kept => kept += 1,
            Outcome::AlreadyThere => {}
            Outcome::KeptAside => panic!("the same was taken for another"),
        }
    }
    assert_eq!(kept, 20);
    let answer = store.query(&kit::studies().matching(STUDY_UID, "2.25.6")).await.unwrap().found;
    assert_eq!(answer[0]["00201208"]["Value"][0], 20);
    assert!(faults(store).await.is_empty());
}

#[tokio::test]
async fn sqlite_what_was_received_comes_back() {
    what_was_received_comes_back(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_frame_is_found_without_the_rest() {
    a_frame_is_found_without_the_rest(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_the_same_again_is_accepted_and_another_kept_aside() {
    the_same_again_is_accepted_and_another_kept_aside(&kit::store().await.1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_many_at_once_are_each_answered() {
    many_at_once_are_each_answered(&kit::store().await.1).await;
}

/// Rows are committed for all that wait: with many writers there are fewer commits than objects.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_wait_are_committed_together() {
    let (_folder, store) = kit::store().await;
    let files: Vec<Vec<u8>> = (0..64).map(|number| file(number, &[], SMALL)).collect();
    for receipt in join_all(files.iter().map(|file| receive(&store, file))).await {
        receipt.unwrap();
    }
    // One transaction has one time.
    let events = store.events_after(0, 100).await.unwrap();
    let announced = *store.announced().borrow();
    assert_eq!(events.len(), 64);
    assert!(announced < 64, "{announced} commits for 64 objects");
}

#[tokio::test]
async fn what_is_no_object_is_refused_and_leaves_nothing() {
    let (folder, store) = kit::store().await;
    let whole = file(1, &[], SMALL);
    let mut deep = whole[..whole.len() - made_up::body(SMALL, 1).len()].to_vec();
    for _ in 0..100_000 {
        deep.extend(b"\x40\x00\x75\x02SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    }
    let no_uid = |tag: Tag, value: &str| file(1, &[(tag, value)], SMALL);
    for (what, bytes, expect) in [
        ("nothing", Vec::new(), "not a DICOM file"),
        ("a program", b"MZ\x90\0this program cannot be run".repeat(20), "not a DICOM file"),
        ("cut off", whole[..whole.len() - 40].to_vec(), "the file is cut off"),
        ("nested 100,000 deep", deep, "sequences nested deeper than 64"),
        ("no instance", no_uid(INSTANCE_UID, ""), "SOP Instance UID is missing or no UID"),
        ("dots", no_uid(INSTANCE_UID, ".."), "SOP Instance UID is missing or no UID"),
        ("an empty component", no_uid(STUDY_UID, "1.2..3"), "Study Instance UID is missing or no UID"),
        ("a path", no_uid(STUDY_UID, "../../etc/passwd"), "Study Instance UID is missing or no UID"),
        ("a long UID", no_uid(SERIES_UID, &"1.".repeat(40)), "Series Instance UID is missing or no UID"),
    ] {
        let said = receive(&store, &bytes).await.unwrap_err().to_string();
        assert!(said.contains(expect), "{what}: {said}");
        assert!(!said.contains("passwd"), "{said}");
    }
    assert!(store.query(&kit::studies()).await.unwrap().found.is_empty());
    assert!(faults(&store).await.is_empty());
    let left = std::fs::read_dir(folder.path().join("store/incoming")).unwrap().count();
    assert_eq!(left, 0, "what was not received whole is gone");
}

#[tokio::test]
async fn a_sender_that_stops_leaves_nothing() {
    let (folder, store) = kit::store().await;
    let half = Bytes::from(file(1, &[], CINE)).slice(..100_000);
    let parts = stream::iter([Ok(half.clone()), Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
    assert!(matches!(store.receive("PROBE", parts).await, Err(StoreError::Interrupted(_))));
    // One that says nothing any more, until its association is given up.
    let parts = stream::iter([Ok(half)]).chain(stream::pending());
    let given_up =
        tokio::time::timeout(std::time::Duration::from_millis(200), store.receive("PROBE", parts)).await;
    assert!(given_up.is_err());
    put(&store, 2, &[]).await;
    assert_eq!(store.query(&kit::studies()).await.unwrap().found.len(), 1);
    let left = std::fs::read_dir(folder.path().join("store/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

/// An object without (0002,0000), which the made-up ones never have, and one in a syntax that nothing here decodes.
#[tokio::test]
async fn any_transfer_syntax_is_kept() {
    let (_folder, store) = kit::store().await;
    let mut video = file(1, &[], CINE);
    let at = video.windows(22).position(|uid| uid == b"1.2.840.10008.1.2.4.50").unwrap();
    video[at..at + 22].copy_from_slice(b"1.2.840.10008.1.2.4.99");
    let receipt = receive(&store, &video).await.unwrap();
    let kept = kept(&store, &receipt.instance_uid).await.unwrap();
    assert_eq!(kept.transfer_syntax_uid, "1.2.840.10008.1.2.4.99");
    assert_eq!(bytes(&store, &kept).await.unwrap(), video);
}

/// Who brings what is a line of the audit for each study, not for each object.
pub async fn who_brings_a_study_is_written_down_once(store: &Store) {
    for number in 0..20 {
        let study = if number % 2 == 0 { "2.25.6" } else { "2.25.7" };
        put(store, number, &[(STUDY_UID, study)]).await;
    }
    // The same again brings nothing; somebody else does.
    put(store, 0, &[(STUDY_UID, "2.25.6")]).await;
    let other = file(30, &[(STUDY_UID, "2.25.6")], SMALL);
    store.receive("OTHER", stream::iter([Ok(Bytes::from(other))])).await.unwrap();
    store.receive("OTHER", stream::iter([Ok(Bytes::from_static(b"no object"))])).await.unwrap_err();
    for _ in 0..3 {
        store.note("li.na", "read", "study 2.25.6").await.unwrap();
    }
    let mut lines = store.audit_after(0, 100).await.unwrap();
    lines.sort_by_key(|line| line.id);
    let lines: Vec<[&str; 3]> =
        lines.iter().map(|line| [line.who.as_str(), line.act.as_str(), line.what.as_str()]).collect();
    let expect = [
        ["PROBE", "receive", "study 2.25.6"],
        ["PROBE", "receive", "study 2.25.7"],
        ["OTHER", "receive", "study 2.25.6"],
        ["li.na", "read", "study 2.25.6"],
    ];
    assert_eq!(lines, expect);
}

#[tokio::test]
async fn sqlite_who_brings_a_study_is_written_down_once() {
    who_brings_a_study_is_written_down_once(&kit::store().await.1).await;
}

/// A file in the deflated syntax whose pixels are `inflated` bytes, all of them zero.
#[cfg(target_os = "linux")]
fn deflated(number: u64, inflated: usize) -> Vec<u8> {
    use std::io::Write as _;
    let plain = made_up::head(&made_up::attributes(number), SMALL);
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99");
    let mut encoder = flate2::write::DeflateEncoder::new(file, flate2::Compression::fast());
    // The syntax of a plain one is the one element before its data set.
    encoder.write_all(&plain[132 + 8 + 20..]).unwrap();
    encoder.write_all(b"\xE0\x7F\x10\0OB\0\0").unwrap();
    encoder.write_all(&u32::try_from(inflated).unwrap().to_le_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    for at in (0..inflated).step_by(zeros.len()) {
        encoder.write_all(&zeros[..zeros.len().min(inflated - at)]).unwrap();
    }
    encoder.finish().unwrap()
}

/// The most memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// What deflated objects inflate to is read through, and never in memory.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_deflated_objects_at_a_time_take_no_memory_to_speak_of() {
    const INFLATED: usize = 300 << 20;
    let (_folder, store) = kit::store().await;
    kit::put(&store, 9, &[]).await;
    let files: Vec<Vec<u8>> = (0..4).map(|number| deflated(number, INFLATED)).collect();
    assert!(files.iter().all(|file| file.len() < 4 << 20));
    let before = most_memory();
    for receipt in join_all(files.iter().map(|file| receive(&store, file))).await {
        let kept = kept(&store, &receipt.unwrap().instance_uid).await.unwrap();
        assert!(kept.frames.is_none(), "they have no places in the file");
    }
    assert_eq!(kit::ask(&store, &kit::studies(), kit::PATIENT_ID).await.len(), 5);
    assert!(faults(&store).await.is_empty());
    let grown = most_memory() - before;
    assert!(grown < 100 << 20, "{grown} bytes for four that inflate to {INFLATED} each");
}

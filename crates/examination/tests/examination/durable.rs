//! Nothing that was acknowledged is lost, and nothing half-written is shown.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use peony_examination::{Archive, DiskTrouble, Entry, Event, JournalError};

use super::*;

#[test]
fn an_examination_goes_on_where_it_stood() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    let before = examination.report();
    drop(examination);
    let examination = resume(folder.path());
    assert_eq!(examination.report(), before);
    assert_eq!(examination.probe(), Some(at(Side::Left, "10:30")));
    assert_eq!(examination.picture(1).unwrap().as_raw()[0], 1, "the picture was on the disk");
    let next = examination.last_lesion() + 1;
    assert_eq!(
        (next, examination.found(next).unwrap().as_str()),
        (lesion + 1, "B"),
        "numbers and letters go on"
    );
    let kept = examination.keep(plane(next, PlaneReason::Kept), &picture(3), Some(BY.into())).unwrap();
    assert_eq!(kept.id, 3);
}

/// Cut the journal at every length: what is whole is there, the rest is set aside, and the examination can be written on.
#[test]
fn a_journal_cut_anywhere_opens_with_every_whole_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, _) = with_lesion(folder.path());
    drop(examination);
    let file = folder.path().join("one/journal.jsonl");
    let whole = fs::read(&file).unwrap();
    let entries = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in (first + 1..=whole.len()).step_by(7).chain([whole.len()]) {
        fs::write(&file, &whole[..length]).unwrap();
        let examination = resume(folder.path());
        assert_eq!(examination.seq(), entries(&whole[..length]), "cut at {length}");
        examination.act(BY, demo_patient()).unwrap();
        drop(examination);
        assert_eq!(resume(folder.path()).report().patient.id, "P-1", "cut at {length}");
    }
    fs::write(&file, &whole[..first]).unwrap();
    let error = Examination::resume(&folder.path().join("one")).unwrap_err();
    assert!(matches!(error, JournalError::NoBeginning), "{error}");
}

/// What lies in an examination's folder, each file with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.join("one")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Whichever byte it is: nothing is cut off, and no report is made of the rest.
#[test]
fn a_journal_with_a_changed_byte_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, _) = with_lesion(folder.path());
    drop(examination);
    let file = folder.path().join("one/journal.jsonl");
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(5).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let before = files(folder.path());
        let error = Examination::resume(&folder.path().join("one")).map(|_| ()).unwrap_err().to_string();
        let line = 1 + whole[..at].iter().filter(|byte| **byte == b'\n').count();
        assert!(error.contains(&format!("damaged in line {line}")), "byte {at}: {error}");
        assert!(files(folder.path()) == before, "byte {at}: it was changed");
    }
    fs::write(&file, &whole).unwrap();
    resume(folder.path());
}

#[test]
fn an_entry_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_lesion(folder.path()));
    let file = folder.path().join("one/journal.jsonl");
    let json = r#"{"seq":7,"at_ms":1,"by":null,"event":"of_tomorrow","of":1}"#;
    append(&file, format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())).as_bytes());
    let before = files(folder.path());
    let error = Examination::resume(&folder.path().join("one")).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("line 7") && error.contains("newer"), "{error}");
    assert!(files(folder.path()) == before, "it was changed");
}

/// Who only looks changes nothing; what is set aside overwrites nothing.
#[test]
fn a_torn_entry_is_set_aside_when_the_next_one_is_written_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_lesion(folder.path()));
    let file = folder.path().join("one/journal.jsonl");
    for torn in ["0000", "1111 {", "\0\0\0\n\0"] {
        append(&file, torn.as_bytes());
        let before = files(folder.path());
        let examination = resume(folder.path());
        assert!(!examination.report().lesions.is_empty());
        drop(examination);
        assert!(files(folder.path()) == before, "it was only read");
        resume(folder.path()).act(BY, demo_patient()).unwrap();
        assert_eq!(resume(folder.path()).report().patient.id, "P-1");
    }
    let aside: Vec<Vec<u8>> = files(folder.path())
        .into_iter()
        .filter_map(|(path, bytes)| path.to_string_lossy().ends_with("torn").then_some(bytes))
        .collect();
    assert_eq!(aside, [b"0000".to_vec(), b"1111 {".to_vec(), b"\0\0\0\n\0".to_vec()]);
}

#[test]
fn a_number_whose_picture_is_there_is_never_given_again() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_lesion(folder.path()));
    let file = folder.path().join("one/journal.jsonl");
    let whole = fs::read(&file).unwrap();
    // The power went between the picture and the end of its entry.
    fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    let examination = resume(folder.path());
    let kept = examination.keep(plane(1, PlaneReason::Across), &picture(9), None).unwrap();
    examination.act(BY, demo_patient()).unwrap();
    assert_eq!(kept.id, 3);
    let level = |id: u64| {
        image::open(folder.path().join(format!("one/planes/{id}.png"))).unwrap().into_luma8()[(0, 0)].0[0]
    };
    assert_eq!([1, 2, 3].map(level), [1, 2, 9]);
}

fn append(file: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(file).unwrap().write_all(bytes).unwrap();
}

#[test]
fn what_the_machine_says_is_on_the_disk_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.seen(seen(lesion, BiRads::Cat5), true).unwrap();
    let (asked, seq) = (Instant::now(), examination.seq());
    while examination.saved().seq < seq {
        assert!(asked.elapsed() < Duration::from_secs(1));
        std::thread::sleep(Duration::from_millis(5));
    }
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir_all(copy.path().join("one")).unwrap();
    fs::copy(folder.path().join("one/journal.jsonl"), copy.path().join("one/journal.jsonl")).unwrap();
    let report = resume(copy.path()).report();
    assert_eq!(report.lesions[0].category.proposed, Some(BiRads::Cat5), "while the first still runs");
}

#[test]
fn a_second_program_does_not_write_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let examination = begin(folder.path());
    let again = Examination::resume(&folder.path().join("one")).unwrap_err();
    assert!(matches!(again, JournalError::Locked), "{again}");
    drop(examination);
    resume(folder.path());
}

#[test]
fn an_archive_lists_what_it_holds_and_nothing_outside_names_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let [first, second] = [(); 2].map(|()| archive.begin(opened()).unwrap().id());
    fs::create_dir_all(folder.path().join("exams/not an identifier")).unwrap();
    let listed: Vec<String> = archive.list().unwrap().into_iter().map(|listed| listed.id).collect();
    assert_eq!(listed, [second, first.clone()], "the newest first");
    for foreign in ["..", "../exams", "", "/etc", "not an identifier", &first.to_uppercase()] {
        assert!(archive.get(foreign).unwrap().is_none(), "{foreign}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_the_journal_of_another_examination() {
    let folder = tempfile::tempdir().unwrap();
    let ids = {
        let archive = Archive::open(folder.path()).unwrap();
        [(); 2].map(|()| archive.begin(opened()).unwrap().id())
    };
    // A journal that is read for ever.
    let journal = folder.path().join("exams").join(&ids[0]).join("journal.jsonl");
    fs::remove_file(&journal).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&journal).status().unwrap().success());
    let archive = std::sync::Arc::new(Archive::open(folder.path()).unwrap());
    let (slow, id) = (std::sync::Arc::clone(&archive), ids[0].clone());
    std::thread::spawn(move || slow.get(&id).map(|_| ()));
    std::thread::sleep(Duration::from_millis(200));
    let (said, heard) = std::sync::mpsc::sync_channel(1);
    let other = ids[1].clone();
    std::thread::spawn(move || said.send(archive.get(&other).unwrap().unwrap().id()));
    assert_eq!(heard.recv_timeout(Duration::from_secs(10)).unwrap(), ids[1]);
}

/// Each open one is a thread and a file: a list of a thousand must not leave them all open, nor close one that goes on.
#[test]
fn an_archive_lets_go_of_what_nobody_holds() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let held = archive.begin(opened()).unwrap();
    let ids: Vec<String> = (0..40).map(|_| archive.begin(opened()).unwrap().id()).collect();
    // Another program can write into what was let go, and only into that.
    let resumed = |id: &str| Examination::resume(&folder.path().join("exams").join(id)).is_ok();
    assert!(!resumed(&held.id()));
    let let_go = ids.iter().filter(|id| resumed(id)).count();
    assert!((20..40).contains(&let_go), "{let_go} of 40");
    assert!(!resumed(ids.last().unwrap()), "what was asked for last stays open");
    assert!(ids.iter().all(|id| archive.get(id).unwrap().is_some()), "they are opened again");
}

/// What a person did counts with what the machine had said by then: read again, the order is the same.
#[cfg(unix)]
#[test]
fn a_newer_word_takes_the_place_of_a_waiting_one_but_not_across_what_a_person_did() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let [planes, aside] = ["one/planes", "aside"].map(|name| folder.path().join(name));
    fs::rename(&planes, &aside).unwrap();
    examination.keep(plane(lesion, PlaneReason::Suspicious), &picture(4), None).unwrap();
    let asked = Instant::now();
    while examination.saved().error.is_none() {
        assert!(asked.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    let kept = examination.seq();
    for category in [BiRads::Cat3, BiRads::Cat4A] {
        examination.seen(seen(lesion, category), true).unwrap();
    }
    examination.act_soon(BY, demo_patient()).unwrap();
    let said = examination.report();
    for category in [BiRads::Cat4B, BiRads::Cat5] {
        examination.seen(seen(lesion, category), true).unwrap();
    }
    let newest = examination.report();
    fs::rename(&aside, &planes).unwrap();
    drop(examination);
    let file = folder.path().join("one/journal.jsonl");
    let whole = fs::read_to_string(&file).unwrap();
    let rest = whole
        .lines()
        .map(|line| serde_json::from_str::<Entry>(&line[9..]).unwrap())
        .skip_while(|entry| entry.seq <= kept);
    let events: Vec<&str> = rest
        .map(|entry| match entry.event {
            Event::Seen(_) => "seen",
            Event::Act(_) => "act",
            _ => "other",
        })
        .collect();
    assert_eq!(events, ["seen", "act", "seen"]);
    assert_eq!(resume(folder.path()).report(), newest);
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&file, &whole[..last]).unwrap();
    assert_eq!(resume(folder.path()).report(), said);
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_is_said_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let planes = folder.path().join("one/planes");
    let aside = folder.path().join("aside");
    fs::rename(&planes, &aside).unwrap();
    examination.keep(plane(lesion, PlaneReason::Suspicious), &picture(4), None).unwrap();
    let asked = Instant::now();
    while examination.saved().error.is_none() {
        assert!(asked.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(examination.picture(3).unwrap().as_raw()[0], 4, "it goes on in memory");
    fs::rename(&aside, &planes).unwrap();
    examination.act(BY, demo_patient()).unwrap();
    assert_eq!(examination.saved().error, None);
    assert!(planes.join("3.png").exists());
}

#[cfg(unix)]
#[test]
fn what_waits_for_a_disk_that_refuses_is_bounded_in_bytes_and_no_act_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    fs::rename(folder.path().join("one/planes"), folder.path().join("aside")).unwrap();
    // 32 MiB each.
    let large = std::sync::Arc::new(GrayImage::new(8192, 4096));
    let keep = |by: Option<&str>| {
        examination.keep(plane(lesion, PlaneReason::Suspicious), &large, by.map(Into::into)).is_ok()
    };
    let kept = (0..20).filter(|_| keep(None)).count();
    assert_eq!(kept, 7, "with their lines eight are more than 256 MiB");
    assert_eq!(examination.saved().dropped_planes, 13, "the others are counted");
    examination.seen(seen(lesion, BiRads::Cat5), true).unwrap();
    assert!(keep(Some(BY)), "what a person keeps is taken");
    assert!(!keep(Some(BY)), "and refused where even that is too much, which the person is told");
    examination.act_soon(BY, demo_patient()).unwrap();
    assert_eq!(examination.report().patient.id, "P-1");
    assert_eq!(examination.saved().dropped_planes, 13, "nothing of a person's is dropped");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_from_one_that_may_not_be_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    for (id, at, trouble) in [
        (3, "/dev/full", DiskTrouble::NoRoom),
        (4, "/proc/sys/kernel/ostype", DiskTrouble::ReadOnly),
        (5, "/", DiskTrouble::Refused),
    ] {
        let unfinished = folder.path().join(format!("one/planes/{id}.part"));
        std::os::unix::fs::symlink(at, &unfinished).unwrap();
        let kept = examination.keep(plane(lesion, PlaneReason::Suspicious), &picture(4), None).unwrap();
        assert_eq!(kept.id, id);
        let asked = Instant::now();
        while examination.saved().trouble.is_none() {
            assert!(asked.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(examination.saved().trouble, Some(trouble), "{at}");
        fs::remove_file(&unfinished).unwrap();
        examination.act(BY, demo_patient()).unwrap();
        assert_eq!(examination.saved().trouble, None, "{at}");
    }
}

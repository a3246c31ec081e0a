//! `peony bench exam --clips`: clips with their truth beside them, each an examination of its own.
//!
//! A clip is a video (`NAME.y4m`, or another that the program reads) or a folder of frames (`NAME/`), and `NAME.json` beside it. The
//! truth has outlines, so a lesion is found by its outline here; figures of the third dimension stay empty.

mod truth;
mod watch;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use walkdir::WalkDir;

use self::truth::Truth;
use self::watch::watch;
use super::score::{Figures, Totals};
use super::seen::Seen;
use crate::engine::Reader;
use crate::evaluate::foreign::Printable;
use crate::exit::Outcome;
use crate::progress;

/// What a clip that is one file may end with; the first that is there is taken.
const VIDEOS: [&str; 3] = ["y4m", "mp4", "dcm"];
/// Folders within folders that are looked into.
const DEPTH: usize = 8;

/// The last line of `--json`. `seeds` is there as it is for phantoms.
#[derive(Serialize)]
struct Report {
    seeds: Option<[u64; 2]>,
    #[serde(flatten)]
    all: Set,
    /// Clips that could not be examined.
    left_out: usize,
    by_dataset: BTreeMap<String, Set>,
}

/// The figures of some of the clips.
#[derive(Serialize)]
struct Set {
    clips: usize,
    #[serde(flatten)]
    figures: Figures,
    ci95: BTreeMap<&'static str, [f64; 2]>,
}

/// A clip's pictures and what is known of it.
#[derive(Debug, PartialEq)]
struct Clip {
    pictures: PathBuf,
    truth: PathBuf,
}

/// Examines every clip below the folder and reports. What is no clip is one line, and the others are examined.
///
/// # Errors
/// Where the folder cannot be read or no clip in it can be.
pub fn run(folder: &Path, json: bool, reader: &mut Reader) -> Result<Outcome> {
    let (clips, complaints) = find(folder)?;
    let mut left_out = complaints.len();
    complaints.iter().for_each(|complaint| eprintln!("peony: {}", Printable(complaint)));
    let bar = progress::files(clips.len());
    let mut exams: Vec<(String, Seen)> = Vec::new();
    for clip in &clips {
        match examine(clip, reader) {
            Ok(exam) => exams.push(exam),
            Err(error) => {
                let line = format!("{}: {error:#}", clip.pictures.display());
                bar.suspend(|| eprintln!("peony: {}", Printable(&line)));
                left_out += 1;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if exams.is_empty() {
        bail!(
            "{}: no clip that can be examined (NAME.y4m or a folder NAME, and NAME.json)",
            folder.display()
        );
    }
    let totals = |of: &dyn Fn(&str) -> bool| {
        let within: Vec<&Seen> = exams.iter().filter(|(set, _)| of(set)).map(|(_, seen)| seen).collect();
        let mut totals = Totals::default();
        within.iter().for_each(|seen| totals.add(seen));
        (within.len(), totals)
    };
    let (count, all) = totals(&|_| true);
    let mut sets: BTreeMap<&str, (usize, Totals)> = BTreeMap::new();
    for (set, _) in &exams {
        sets.entry(set).or_insert_with(|| totals(&|other| other == set));
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{count} clips")?;
    all.write_table(&mut out)?;
    for (name, (count, totals)) in sets.iter().filter(|_| sets.len() > 1) {
        writeln!(out, "\n{}: {count} clips", Printable(name))?;
        totals.write_table(&mut out)?;
    }
    if json {
        writeln!(out, "{}", serde_json::to_string(&all.lights())?)?;
        let set = |(clips, totals): &(usize, Totals)| Set {
            clips: *clips,
            figures: totals.figures(),
            ci95: totals.intervals(),
        };
        let by_dataset = sets.iter().map(|(name, totals)| ((*name).to_owned(), set(totals))).collect();
        let report = Report { seeds: None, all: set(&(count, all)), left_out, by_dataset };
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    let all_read = if left_out == 0 { Outcome::Done } else { Outcome::SomeFailed };
    Ok(reader.outcome().and(all_read))
}

/// The set that a clip is from, and what was said of it.
fn examine(clip: &Clip, reader: &mut Reader) -> Result<(String, Seen)> {
    let truth = Truth::read(&clip.truth).context("its truth")?;
    let seen = watch(&clip.pictures, &truth, reader)?;
    Ok((truth.dataset, seen))
}

/// The clips below a folder in the order of their names, and a line for what lacks its other half.
fn find(folder: &Path) -> Result<(Vec<Clip>, Vec<String>)> {
    let (mut files, mut complaints) = (Vec::new(), Vec::new());
    for entry in WalkDir::new(folder).max_depth(DEPTH).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) if error.depth() == 0 => bail!("{}: cannot be read", folder.display()),
            Err(error) => complaints.push(error.to_string()),
        }
    }
    let mut clips = Vec::new();
    for truth in files.iter().filter(|file| has_extension(file, "json")) {
        let video = VIDEOS.iter().map(|video| truth.with_extension(video)).find(|path| path.is_file());
        let frames = Some(truth.with_extension("")).filter(|path| path.is_dir());
        match video.or(frames) {
            Some(pictures) => clips.push(Clip { pictures, truth: truth.clone() }),
            None => complaints.push(format!("{}: no clip of this name beside it", truth.display())),
        }
    }
    for video in files.iter().filter(|file| VIDEOS.iter().any(|ending| has_extension(file, ending))) {
        let is_known = clips.iter().any(|clip| video.starts_with(&clip.pictures));
        if !is_known {
            let wanted = video.with_extension("json");
            complaints.push(format!("{}: no truth beside it ({})", video.display(), wanted.display()));
        }
    }
    Ok((clips, complaints))
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_a_video_or_a_folder_with_its_truth_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b", "set/c.masks"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        let files = ["a.y4m", "a.json", "b.json", "b/0.png", "b/1.dcm", "lonely.json", "e.y4m", "notes.txt"];
        for name in files.into_iter().chain(["set/c.mp4", "set/c.json", "set/c.masks/0.png"]) {
            std::fs::write(at(name), "").unwrap();
        }
        let (clips, complaints) = find(folder.path()).unwrap();
        let names: Vec<_> = clips.iter().map(|clip| clip.pictures.clone()).collect();
        assert_eq!(names, [at("a.y4m"), at("b"), at("set/c.mp4")]);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].contains("lonely.json: no clip") && complaints[1].contains("e.y4m: no truth"));
        assert!(find(&at("nowhere")).unwrap_err().to_string().contains("cannot be read"));
    }
}

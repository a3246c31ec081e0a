//! A recording as the live page plays it: again and again, passing over what cannot be read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use peony_dicom::Equipment;
use peony_model::{Frame, MmPerPx};

use crate::input::{self, Opened};

/// A cine, or a folder of frames.
pub struct Recording {
    source: PathBuf,
    fps: f64,
    scale: Option<MmPerPx>,
    equipment: Equipment,
    /// What is left of this playing.
    frames: Box<dyn Iterator<Item = Result<Frame>> + Send>,
    /// How many frames of this playing came so far, damaged ones included.
    played: u64,
    damaged: u64,
    /// The files that were said to be damaged, by their place in the folder: each playing meets them again.
    said: BTreeSet<u64>,
}

impl Recording {
    /// Opens it. `scale` is what a person entered, `fps` the rate of a folder of frames.
    ///
    /// # Errors
    /// Where it cannot be opened, or holds a single frame: a still is no sweep.
    pub fn open(source: &Path, fps: f64, scale: Option<MmPerPx>) -> Result<Self> {
        let Opened { frames, equipment, notes, .. } = open_cine(source, fps, scale)?;
        for note in notes {
            crate::log::tell(format_args!("{}: {note}", source.display()));
        }
        let source = source.to_owned();
        Ok(Self { source, fps, scale, equipment, frames, played: 0, damaged: 0, said: BTreeSet::new() })
    }

    /// What it says of the machine that made it.
    pub fn equipment(&self) -> &Equipment {
        &self.equipment
    }

    /// Begins again. On an error what was left of the former playing stays.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn rewind(&mut self) -> Result<()> {
        self.frames = open_cine(&self.source, self.fps, self.scale)?.frames;
        (self.played, self.damaged) = (0, 0);
        Ok(())
    }

    /// The coming frame that can be read; `None` at the end.
    pub fn next(&mut self) -> Option<Frame> {
        loop {
            let place = self.played;
            let frame = self.frames.next()?;
            self.played += 1;
            match frame {
                Ok(frame) => return Some(frame),
                Err(error) => {
                    self.damaged += 1;
                    self.say(place, &error);
                }
            }
        }
    }

    /// How many frames of this playing could not be read.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Whether any frame of any playing could not be read.
    pub fn is_damaged(&self) -> bool {
        !self.said.is_empty()
    }

    /// One line for each damaged file: a cine is one file, of a folder each frame is. The names that the error may
    /// carry stay out of the log (invariant 5), so the innermost cause is said.
    fn say(&mut self, place: u64, error: &anyhow::Error) {
        let file = if self.source.is_dir() { place } else { 0 };
        if self.said.insert(file) {
            tracing::warn!("frame {place} of the recording is passed over: {}", error.root_cause());
        }
    }
}

fn open_cine(source: &Path, fps: f64, scale: Option<MmPerPx>) -> Result<Opened> {
    let opened = input::open_moving(source, fps, scale)?;
    if opened.frame_count < 2 {
        bail!("{}: one frame; the live page plays cines, stills are for `peony analyze`", source.display());
    }
    Ok(opened)
}

//! Which lesions are proposed to be an earlier one again, as the examination proposes them, and whether they are.

use std::collections::BTreeMap;

use peony_examination::again::{Asked, Known, likeliest};
use peony_model::Look;
use peony_ultrasound::output::{Event, StepOutput};

use super::seen::Proposed;

/// The confirmed lesions of one sweep, in the order in which they were confirmed.
#[derive(Debug, Default)]
pub struct Again(Vec<Followed>);

#[derive(Debug, Default)]
struct Followed {
    track: u32,
    look: Option<Look>,
    seen_with: Vec<u32>,
    sightings: u32,
    asked: Asked,
    /// The masses that it overlapped, each on so many frames.
    masses: BTreeMap<u32, u32>,
    /// The track that it was proposed to be.
    may_be: Option<u32>,
}

impl Followed {
    /// What is known of it where nobody says where the probe stands.
    fn known(&self) -> Option<Known<'_>> {
        self.look.as_ref().map(|look| Known { look, place: None })
    }

    /// The mass that it is, if it is one.
    fn mass(&self) -> Option<u32> {
        self.masses.iter().max_by_key(|(_, frames)| **frames).map(|(mass, _)| *mass)
    }
}

impl Again {
    /// Take in what was said of a frame, and propose what is due.
    pub fn look(&mut self, output: &StepOutput) {
        let mut due = Vec::new();
        for event in &output.events {
            match *event {
                Event::Merged { from, into } => self.merge(from, into),
                Event::Left { track } => {
                    let left = self.0.iter_mut().find(|lesion| lesion.track == track);
                    let is_due = left.is_some_and(|left| left.asked.is_due(left.sightings, true));
                    due.extend(is_due.then_some(track));
                }
                _ => {}
            }
        }
        for state in output.tracks.iter().filter(|state| state.letter.is_some()) {
            let at = self.0.iter().position(|lesion| lesion.track == state.id).unwrap_or_else(|| {
                self.0.push(Followed { track: state.id, ..Followed::default() });
                self.0.len() - 1
            });
            let lesion = &mut self.0[at];
            (lesion.look, lesion.sightings) = (state.look.clone(), state.sightings);
            lesion.seen_with.clone_from(&state.seen_with);
            due.extend(lesion.asked.is_due(state.sightings, false).then_some(state.id));
        }
        due.into_iter().for_each(|track| self.ask(track));
    }

    /// On this frame a track overlaps a mass.
    pub fn meet(&mut self, track: u32, mass: u32) {
        if let Some(lesion) = self.0.iter_mut().find(|lesion| lesion.track == track) {
            *lesion.masses.entry(mass).or_default() += 1;
        }
    }

    /// What was proposed of a track that is a mass which was met before under another one.
    pub fn proposed(&self, track: u32, mass: u32) -> Proposed {
        let of = |track: u32| self.0.iter().find(|lesion| lesion.track == track);
        match of(track).and_then(|lesion| of(lesion.may_be?)) {
            Some(earlier) if earlier.mass() == Some(mass) => Proposed::Right,
            Some(_) => Proposed::Wrong,
            None => Proposed::Nothing,
        }
    }

    /// Of each lesion that is met for the first time whether it was proposed to be an earlier one. Of what is none it is not known whether it was met
    /// before: it counts where it was proposed to be a mass, or to be nothing.
    pub fn new_proposed(&self) -> Vec<bool> {
        let mass_of = |track: u32| self.0.iter().find(|lesion| lesion.track == track)?.mass();
        let new = self.0.iter().enumerate().filter(|(at, lesion)| match lesion.mass() {
            Some(mass) => self.0[..*at].iter().all(|earlier| earlier.mass() != Some(mass)),
            None => lesion.may_be.is_none_or(|earlier| mass_of(earlier).is_some()),
        });
        new.map(|(_, lesion)| lesion.may_be.is_some()).collect()
    }

    fn ask(&mut self, track: u32) {
        let Some(at) = self.0.iter().position(|lesion| lesion.track == track) else { return };
        let (earlier, new) = (&self.0[..at], &self.0[at]);
        if new.may_be.is_some() {
            return;
        }
        let Some(asked) = new.known() else { return };
        let earlier = earlier.iter().filter(|lesion| !new.seen_with.contains(&lesion.track));
        let earlier = earlier.filter_map(|lesion| Some((lesion.track, lesion.known()?)));
        let likeliest = likeliest(asked, earlier);
        self.0[at].may_be = likeliest;
    }

    fn merge(&mut self, from: u32, into: u32) {
        let Some(at) = self.0.iter().position(|lesion| lesion.track == from) else { return };
        let gone = self.0.remove(at);
        for lesion in &mut self.0 {
            if lesion.track == into {
                gone.masses
                    .iter()
                    .for_each(|(mass, frames)| *lesion.masses.entry(*mass).or_default() += frames);
            }
            let asked = lesion.may_be.map(|earlier| if earlier == from { into } else { earlier });
            lesion.may_be = asked.filter(|earlier| *earlier != lesion.track);
        }
    }
}

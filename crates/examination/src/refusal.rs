//! What an examination does not follow, and why.

use peony_model::report::Signature;

use crate::act::{Act, FieldWord, Role};
use crate::comparison::plain;
use crate::journal::JournalError;
use crate::obstacles::Obstacle;
use crate::signed::report;
use crate::state::State;

/// Why an act was not followed. Nothing was changed by it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The report is signed; only an addendum or a second signature may follow.
    #[error("the report is signed: add an addendum")]
    Signed,
    /// The report is not the one that was signed; nothing is signed anew over it.
    #[error("the report is not the one that was signed")]
    Altered,
    /// There is no signature that could be added to.
    #[error("the report is not signed yet: change it instead of adding to it")]
    NotSigned,
    /// It is not for this person to sign now, or not in this role: the examiner signs, then another one reviews (clinical reference, 2).
    #[error("{0}")]
    NotInTurn(&'static str),
    /// Something stands in the way of a signature.
    #[error("{}", in_the_way(.0.len()))]
    Obstacles(Vec<Obstacle>),
    /// No such lesion.
    #[error("lesion {0}: this examination has none of that number")]
    UnknownLesion(u32),
    /// No such plane.
    #[error("plane {0}: this examination has none of that number")]
    UnknownPlane(u64),
    /// It was discarded.
    #[error("the examination was discarded")]
    Discarded,
    /// Something is in it: it is not discarded.
    #[error("discard: something is in this examination")]
    NotEmpty,
    /// Somebody else began it.
    #[error("discard: somebody else began this examination")]
    NotYours,
    /// A value that cannot be.
    #[error("{0}")]
    BadValue(&'static str),
    /// What was shown of a proposal is not what it is now: nobody confirms what they have not seen.
    #[error("confirm: what is proposed has changed since it was shown")]
    ProposalChanged,
    /// Another act was done under this identifier.
    #[error("id: another act was done under this identifier")]
    OtherAct,
    /// This person has done nothing that can be taken back.
    #[error("nothing of yours can be taken back")]
    NothingToUndo,
    /// It could not be made to last.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn in_the_way(count: usize) -> String {
    match count {
        1 => "1 thing stands in the way of a signature".to_owned(),
        count => format!("{count} things stand in the way of a signature"),
    }
}

/// The examiner signs, and then a reviewer, who is another one; a report that nobody else reviews has one signature.
fn in_turn(signatures: &[Signature], name: &str, role: Role) -> Result<(), &'static str> {
    let has_signed = |role: Role| signatures.iter().any(|signature| signature.role == role.key());
    // Letters of either case and any blanks between: one name.
    let is_same = |signature: &Signature| plain(&signature.name) == plain(name);
    match role {
        Role::Examiner if has_signed(role) => Err("role: the examiner has signed already"),
        Role::Reviewer if has_signed(role) => Err("role: a reviewer has signed already"),
        Role::Reviewer if !has_signed(Role::Examiner) => Err("role: the examiner signs first"),
        _ if signatures.iter().any(is_same) => Err("name: who signed in one role does not sign in the other"),
        _ => Ok(()),
    }
}

/// Whether an act can be followed where the examination stands.
pub(crate) fn check(state: &State, by: &str, act: &Act) -> Result<(), Refusal> {
    if by.trim().is_empty() {
        return Err(Refusal::BadValue("by: say who does it"));
    }
    if state.discarded {
        return Err(Refusal::Discarded);
    }
    let signed = !state.signatures.is_empty();
    match act {
        Act::Add { .. } if !signed => return Err(Refusal::NotSigned),
        Act::Add { .. } => {}
        Act::Sign { .. } if signed && report(state).altered => return Err(Refusal::Altered),
        Act::Sign { name, role, .. } if state.signatures.len() < 2 => {
            in_turn(&state.signatures, name, *role).map_err(Refusal::NotInTurn)?;
        }
        _ if signed => return Err(Refusal::Signed),
        _ => {}
    }
    let lesion = match act {
        Act::Say { lesion, .. }
        | Act::Confirm { lesion, .. }
        | Act::Join { lesion, .. }
        | Act::Part { lesion }
        | Act::KeepApart { lesion, .. }
        | Act::Dismiss { lesion }
        | Act::Restore { lesion } => Some(*lesion),
        _ => None,
    };
    if let Some(lesion) = lesion.filter(|lesion| !state.lesions.contains_key(lesion)) {
        return Err(Refusal::UnknownLesion(lesion));
    }
    check_joined(state, act, lesion)?;
    if let Act::ReleasePlane { plane } | Act::RestorePlane { plane } = act
        && !state.planes.iter().any(|(kept, _)| kept.id == *plane)
    {
        return Err(Refusal::UnknownPlane(*plane));
    }
    check_comparison(state, act)?;
    crate::bounds::check(act).map_err(Refusal::BadValue)
}

/// A lesion that was joined to another counts there: it is taken apart before anything else is said of it.
fn check_joined(state: &State, act: &Act, lesion: Option<u32>) -> Result<(), Refusal> {
    let joined = state.joined();
    if let Act::Join { lesion, into } = act {
        let into = joined.get(into).copied().unwrap_or(*into);
        let struck_out =
            |lesion: u32| report(state).lesions.iter().any(|at| at.lesion == lesion && at.dismissed);
        if [*lesion, into].into_iter().any(struck_out) {
            return Err(Refusal::BadValue("lesion: it was struck out; bring it back before it is joined"));
        }
    }
    let is_joined = lesion.is_some_and(|lesion| joined.contains_key(&lesion));
    match act {
        Act::Part { .. } if is_joined => Ok(()),
        Act::Part { .. } => Err(Refusal::BadValue("lesion: it was not joined to another")),
        _ if is_joined => Err(Refusal::BadValue("lesion: it was joined to another; take it apart first")),
        Act::Join { into: other, .. } | Act::KeepApart { from: other, .. }
            if !state.lesions.contains_key(other) =>
        {
            Err(Refusal::UnknownLesion(*other))
        }
        Act::Join { lesion, into } if joined.get(into) == Some(lesion) => {
            Err(Refusal::BadValue("into: it was joined to this lesion; take it apart first"))
        }
        _ => Ok(()),
    }
}

/// Whether what an act says of an earlier examination can be: never another breast.
fn check_comparison(state: &State, act: &Act) -> Result<(), Refusal> {
    let (examination, known) = match act {
        Act::SetSamePatient { examination, .. } => (examination, true),
        Act::SetLookedAgain { examination, lesion, .. } => {
            let of = report(state).comparison;
            (examination, of.is_some_and(|of| of.earlier.lesion(*lesion).is_some()))
        }
        Act::Say { lesion, word: FieldWord::Before(Some(before)) } => {
            let report = report(state);
            let of = report.lesions.iter().find(|at| at.lesion == *lesion);
            let mut candidates = of.iter().flat_map(|of| &of.candidates);
            let is = |then| candidates.any(|candidate| candidate.lesion == then);
            (&before.examination, before.lesion.is_none_or(is))
        }
        _ => return Ok(()),
    };
    if report(state).comparison.is_none_or(|of| of.earlier.examination != *examination) {
        return Err(Refusal::BadValue("examination: this one is compared with another, or with none"));
    }
    if known {
        Ok(())
    } else {
        Err(Refusal::BadValue("lesion: the earlier examination has none such in this breast"))
    }
}

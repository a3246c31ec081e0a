//! The report of an examination: a draft as it stands, and what was signed as it was signed.
//!
//! A signature stands under the JSON of the report, whose hash it has; the journal keeps that JSON. It is shown from then on, whatever a later
//! version of the program would make of the entries. The journal of an earlier version keeps the hash alone: the report is made again and held
//! against it.

use peony_model::report::{Report, Signature};
use sha2::{Digest, Sha256};

use crate::act::Act;
use crate::event::Signed;
use crate::report::{apply, made};
use crate::state::{Deed, Done, State};

/// The report of an examination, draft or signed.
pub(crate) fn report(state: &State) -> Report {
    let mut report = match &state.signed {
        Some(signed) => with_addenda(Report::clone(signed), state),
        None => made(state),
    };
    report.signatures.clone_from(&state.signatures);
    report.altered = match &*state.signatures {
        [] => false,
        [first, others @ ..] if state.signed.is_some() => others.iter().any(|at| at.sha256 != first.sha256),
        all => {
            let own = sha256(&content(&report));
            all.iter().any(|at| at.sha256 != own)
        }
    };
    report
}

fn with_addenda(mut report: Report, state: &State) -> Report {
    let is_addendum = |done: &&Done| matches!(done.deed, Deed::Act(Act::Add { .. }));
    state.acts().filter(is_addendum).for_each(|done| apply(&mut report, done));
    report
}

/// The JSON that a signature stands under: a report without signatures and addenda.
pub(crate) fn content(report: &Report) -> String {
    let content = Report { signatures: Vec::new(), addenda: Vec::new(), altered: false, ..report.clone() };
    // Plain data always has a JSON form.
    serde_json::to_string(&content).unwrap_or_default()
}

/// In hex.
pub(crate) fn sha256(content: &str) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The report that was signed; `None` where the journal does not keep it, or keeps another.
pub(crate) fn as_signed(Signed { signature, content }: &Signed) -> Option<Report> {
    let content = content.as_ref().filter(|content| sha256(content) == signature.sha256)?;
    serde_json::from_str(content).ok()
}

/// The entry of a further signature, or of the first one, which keeps what was signed.
pub(crate) fn sign(state: &State, report: &Report, signature: Signature) -> Signed {
    match state.signatures.first() {
        Some(first) => {
            Signed { signature: Signature { sha256: first.sha256.clone(), ..signature }, content: None }
        }
        None => {
            let content = content(report);
            let signature = Signature { sha256: sha256(&content), ..signature };
            Signed { signature, content: Some(content) }
        }
    }
}

//! What is sent twice is done once, and what nobody saw is confirmed by nobody.

use peony_examination::{Act, ActKey, Asking, Examination, FieldName, FieldWord, Refusal, Role};
use peony_model::report::Size;
use peony_model::{BiRads, Side, Unit};

use crate::{BY, confirm_all, demo_patient, examine, resume, say, seen, with_lesion};

/// Who asks, and what their page calls it.
fn as_act(id: &str, asked: &str) -> Asking {
    Asking { by: BY.into(), key: Some(ActKey::new(id, asked).unwrap()) }
}

fn category(examination: &Examination) -> Option<BiRads> {
    examination.report().lesions[0].category.value().copied()
}

#[test]
fn an_undo_whose_answer_was_lost_takes_back_one_act_also_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    for category in [BiRads::Cat2, BiRads::Cat3, BiRads::Cat4A] {
        say(&examination, lesion, FieldWord::Category(Some(category)));
    }
    for _ in 0..2 {
        examination.undo(as_act("one", "undo")).unwrap();
        assert_eq!(category(&examination), Some(BiRads::Cat3));
    }
    drop(examination);
    let examination = resume(folder.path());
    let seq = examination.seq();
    examination.undo(as_act("one", "undo")).unwrap();
    assert_eq!(
        (examination.seq(), category(&examination)),
        (seq, Some(BiRads::Cat3)),
        "the journal knows it"
    );
    examination.undo(as_act("another", "undo")).unwrap();
    assert_eq!(category(&examination), Some(BiRads::Cat2));
}

#[test]
fn a_report_is_signed_and_added_to_once_however_often_that_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    examination.act(BY, demo_patient()).unwrap();
    examine(&examination);
    confirm_all(&examination, lesion);
    let sign = Act::Sign { name: BY.into(), role: Role::Examiner, licence: String::new() };
    let add = Act::Add { text: "Biopsy arranged".into() };
    for _ in 0..2 {
        examination.act(as_act("sign", "sign"), sign.clone()).unwrap();
        examination.act(as_act("add", "add"), add.clone()).unwrap();
    }
    let report = examination.report();
    assert_eq!((report.signatures.len(), report.addenda.len()), (1, 1));
}

#[test]
fn an_identifier_is_of_one_act_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let examined = Act::SetExamined { side: Side::Left, examined: true };
    examination.act(as_act("one", "examined"), examined).unwrap();
    let seq = examination.seq();
    let other = examination.act(as_act("one", "dismiss"), Act::Dismiss { lesion });
    assert!(matches!(other, Err(Refusal::OtherAct)), "{other:?}");
    assert!(matches!(examination.undo(as_act("one", "undo")), Err(Refusal::OtherAct)));
    assert_eq!(examination.seq(), seq);
}

/// What was refused was not done: the same identifier may be tried again.
#[test]
fn an_act_that_was_refused_may_be_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let restore = |lesion| examination.act(as_act("one", "restore"), Act::Restore { lesion });
    assert!(matches!(restore(9), Err(Refusal::UnknownLesion(9))));
    restore(lesion).unwrap();
}

#[test]
fn nobody_confirms_what_they_have_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (examination, lesion) = with_lesion(folder.path());
    let fields = vec![FieldName::Size, FieldName::Category, FieldName::Margin];
    let shown = |examination: &Examination| {
        let lesion = examination.report().lesions[0].clone();
        Some(fields.iter().map(|field| field.value(&lesion)).collect::<Vec<_>>())
    };
    let confirm = |shown| examination.act(BY, Act::Confirm { lesion, fields: fields.clone(), shown });
    let before = shown(&examination);
    let grown = Size { long: 17.86, short: 9.4, third: None, unit: Unit::Millimetre };
    let mut now = seen(lesion, BiRads::Cat4C);
    now.size = Some(grown);
    examination.seen(now, true).unwrap();
    let seq = examination.seq();
    assert!(matches!(confirm(before.clone()), Err(Refusal::ProposalChanged)));
    assert!(matches!(confirm(Some(Vec::new())), Err(Refusal::ProposalChanged)), "nothing was shown");
    assert_eq!(examination.seq(), seq);
    // What a person has said meanwhile is left alone, as ever.
    say(&examination, lesion, FieldWord::Size(Some(grown)));
    confirm(before).unwrap();
    let report = examination.report();
    assert_eq!(report.lesions[0].category.said.as_ref().unwrap().value, Some(BiRads::Cat4C));
    assert_eq!(report.lesions[0].size.value(), Some(&grown));
    confirm(shown(&examination)).unwrap();
}

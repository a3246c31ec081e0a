//! What shall be sent to other nodes, as the queue has it.

use std::time::Duration;

use peony_store::{
    Ended, JobState, Owed, Promise, QueuedTransfer, REPORT, SENDING, SendFault, Sending, Sent, Store,
    StoreError, Transfer, TransferCounts,
};

use crate::doubts::eyes;
use crate::kit;

const MINUTE: Duration = Duration::from_secs(60);

async fn first(store: &Store) -> QueuedTransfer {
    store.transfers(10).await.unwrap().remove(0)
}

async fn state(store: &Store) -> JobState {
    first(store).await.state
}

pub async fn a_sending_waits_runs_fails_and_is_tried_again(store: &Store) {
    let receipt = kit::put(store, 1, &[]).await;
    let to = |to: &str, series_uid: Option<&str>| Sending {
        to: to.to_owned(),
        study_uid: receipt.study_uid.clone(),
        series_uid: series_uid.map(str::to_owned),
    };
    let whole = to("ARCHIVE", None);
    let id = store.send(&whole, "a person").await.unwrap();
    assert_eq!(store.send(&whole, "a person").await.unwrap(), id, "what waits is no other job");
    assert_ne!(store.send(&to("ARCHIVE", Some(&receipt.series_uid)), "a person").await.unwrap(), id);
    for missing in [to("ARCHIVE", Some("1.2.3")), Sending { study_uid: "1.2".to_owned(), ..whole.clone() }] {
        assert!(matches!(store.send(&missing, "a person").await, Err(StoreError::Missing(_))));
    }
    let [series, study] = store.transfers(10).await.unwrap().try_into().unwrap();
    store.cancel_transfer(series.id, "a person").await.unwrap();
    assert_eq!(
        (study.transfer, study.state, study.tries),
        (Transfer::Send(whole.clone()), JobState::Waiting, 0)
    );

    let job = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((job.id, state(store).await), (id, JobState::Running));
    assert!(store.retry_transfer(id, "a person").await.is_err(), "it is at work");
    let sent = Sent { taken: [receipt.instance_uid].into(), of: 2, ..Sent::default() };
    let progress = serde_json::json!(sent).to_string();
    assert!(store.keep_job(&job, &progress, MINUTE).await.unwrap());
    let fault = SendFault::Refused { status: "A700".to_owned(), count: 1 };
    assert!(fault.may_pass());
    let fault_text = serde_json::json!(fault).to_string();
    store.end_job(&job, &progress, Ended::Again(MINUTE, fault_text.clone())).await.unwrap();
    let counts = async || {
        let TransferCounts { open, again, .. } = store.transfer_counts().await.unwrap();
        let [jobs] = store.open_jobs().await.unwrap().try_into().unwrap();
        assert_eq!(
            (jobs.kind.as_str(), jobs.all, jobs.again),
            (SENDING, open, again),
            "the figures say the same"
        );
        [open, again]
    };
    assert_eq!(counts().await, [1, 1], "it is open and waits to be tried again");
    let waits = first(store).await;
    assert_eq!(
        (waits.state, waits.fault, waits.taken, waits.of),
        (JobState::Waiting, Some(fault), sent.taken.len(), sent.of)
    );
    assert!(store.take_job(SENDING, MINUTE, &[]).await.unwrap().is_none(), "not before its time");
    store.retry_transfer(id, "a person").await.unwrap();
    assert_eq!(counts().await, [1, 0], "as at first");
    let again = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    store.end_job(&again, &progress, Ended::Again(MINUTE, fault_text.clone())).await.unwrap();
    assert_eq!(counts().await, [1, 1]);
    assert_eq!(store.send(&whole, "a person").await.unwrap(), id);
    let again = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!(counts().await, [1, 0], "it is under way");
    assert_eq!(
        (again.id, again.tries, again.progress.as_str()),
        (id, 2, progress.as_str()),
        "it is due at once"
    );

    // Cancelled while it is under way: the worker hears of it, and says no more of it.
    store.cancel_transfer(id, "a person").await.unwrap();
    assert!(!store.keep_job(&again, &progress, MINUTE).await.unwrap());
    store.end_job(&again, &progress, Ended::Done).await.unwrap();
    assert_eq!(
        store.transfers(10).await.unwrap().iter().filter(|one| one.state == JobState::Cancelled).count(),
        2
    );
    assert!(store.cancel_transfer(id, "a person").await.is_err(), "twice");
    store.retry_transfer(id, "a person").await.unwrap();
    let last = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    assert!(!store.keep_job(&again, "", MINUTE).await.unwrap(), "the worker before has it no more");
    let asked = Sent { transaction_uid: "1.9".to_owned(), ..sent };
    let taken: Vec<String> = asked.taken.iter().cloned().collect();
    store.ask_commitment("1.9", "ARCHIVE", &taken).await.unwrap();
    store.end_job(&last, &serde_json::json!(asked).to_string(), Ended::Done).await.unwrap();
    let done = store.transfers(10).await.unwrap().into_iter().find(|one| one.id == id).unwrap();
    assert_eq!((done.state, done.promise, done.fault), (JobState::Done, Some(Promise::Asked), None));
    store.answer_commitment("1.9", "ARCHIVE", &taken).await.unwrap();
    let done = store.transfers(10).await.unwrap().into_iter().find(|one| one.id == id).unwrap();
    assert_eq!(done.promise, Some(Promise::Kept));
    let acts: Vec<String> =
        store.audit_after(0, 40).await.unwrap().into_iter().map(|line| line.act).collect();
    let acts: Vec<String> = acts.into_iter().filter(|act| act != "receive").collect();
    let [send, cancel, retry] = ["send", "cancel-sending", "retry-sending"];
    assert_eq!(acts, [send, send, send, cancel, retry, send, cancel, retry, "storage-commitment"]);
    // What is done and what nobody wants goes out of the list; what waits stays, whatever is asked.
    let waits = store.send(&whole, "a person").await.unwrap();
    store.clear_transfers(&[id, series.id, waits, 999], "a person").await.unwrap();
    let left: Vec<i64> = store.transfers(10).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(left, [waits]);
    assert!(store.retry_transfer(series.id, "a person").await.is_err(), "it is gone from the list for good");
    let last = store.audit_after(0, 40).await.unwrap().pop().unwrap();
    assert_eq!((last.act.as_str(), last.what), ("clear-sendings", format!("jobs {id}, {}", series.id)));
}

pub async fn what_is_asked_for_again_while_it_is_sent_is_looked_at_once_more(store: &Store) {
    let study_uid = kit::put(store, 1, &[]).await.study_uid;
    let [to_archive, to_other] = ["ARCHIVE", "OTHER"].map(|to| Sending {
        to: to.to_owned(),
        study_uid: study_uid.clone(),
        series_uid: None,
    });
    let id = store.send(&to_archive, "a person").await.unwrap();
    let job = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    // Both are of the same millisecond otherwise.
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.send(&to_archive, "a person").await.unwrap(), id);
    store.end_job(&job, r#"{"taken":["1.2"]}"#, Ended::Done).await.unwrap();
    let again = store.take_job(SENDING, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!((again.id, again.tries, again.progress.as_str()), (id, 1, r#"{"taken":["1.2"]}"#));
    store.end_job(&again, "", Ended::Done).await.unwrap();
    assert_eq!(state(store).await, JobState::Done);

    // A node that has as many as it may has no more; the others have theirs.
    let waits = store.send(&to_archive, "a person").await.unwrap();
    let other = store.send(&to_other, "a person").await.unwrap();
    let but = |nodes: &[&str]| nodes.iter().map(|node| (*node).to_owned()).collect::<Vec<_>>();
    assert_eq!(store.take_job(SENDING, MINUTE, &but(&["OTHER", "ARCHIVE"])).await.unwrap(), None);
    let taken = store.take_job(SENDING, MINUTE, &but(&["ARCHIVE"])).await.unwrap().unwrap();
    assert_eq!(taken.id, other);
    assert_eq!(store.take_job(SENDING, MINUTE, &but(&["ARCHIVE"])).await.unwrap(), None);

    // Handed back it is as if it had not been taken.
    store.hand_back_job(&taken).await.unwrap();
    let listed = store.transfers(10).await.unwrap().into_iter().find(|one| one.id == other).unwrap();
    assert_eq!((listed.state, listed.tries), (JobState::Waiting, 0));
    let once_more = store.take_job(SENDING, MINUTE, &but(&["ARCHIVE"])).await.unwrap().unwrap();
    store.hand_back_job(&taken).await.unwrap();
    assert!(store.keep_job(&once_more, "", MINUTE).await.unwrap(), "it is another worker's now");
    assert_eq!(store.take_job(SENDING, MINUTE, &[]).await.unwrap().map(|job| job.id), Some(waits));
}

pub async fn a_site_sees_its_own_sendings_behind_a_hundred_of_others(store: &Store) {
    let [east, west, both] = eyes(store).await;
    let to = |study_uid: &str, to: String| Sending { to, study_uid: study_uid.to_owned(), series_uid: None };
    let own = kit::put(&east, 1, &[]).await.study_uid;
    let others = kit::put(&west, 2, &[]).await.study_uid;
    let id = east.send(&to(&own, "ARCHIVE".into()), "east").await.unwrap();
    for number in 0..105 {
        west.send(&to(&others, format!("NODE{number}")), "west").await.unwrap();
    }
    let seen = east.transfers(100).await.unwrap();
    assert_eq!(seen.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    let of_west = west.transfers(100).await.unwrap();
    assert_eq!(of_west.len(), 100);
    assert!(of_west.iter().all(|one| one.transfer.study_uid() == others));
    assert_eq!(both.transfers(200).await.unwrap().len(), 106);
    let job = west.take_job(SENDING, MINUTE, &["ARCHIVE".to_owned()]).await.unwrap().unwrap();
    west.end_job(&job, "", Ended::Failed(String::new())).await.unwrap();
    let counts = async |store: &Store| {
        let TransferCounts { all, open, again, failed } = store.transfer_counts().await.unwrap();
        [all, open, again, failed]
    };
    assert_eq!(counts(&west).await, [105, 104, 0, 1], "behind those that are listed as well");
    assert_eq!([counts(&east).await, counts(&both).await], [[1, 1, 0, 0], [106, 105, 0, 1]]);
    assert!(matches!(west.cancel_transfer(id, "west").await, Err(StoreError::Missing(_))));
    east.cancel_transfer(id, "east").await.unwrap();
}

#[tokio::test]
async fn sqlite_a_site_sees_its_own_sendings_behind_a_hundred_of_others() {
    a_site_sees_its_own_sendings_behind_a_hundred_of_others(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_sending_waits_runs_fails_and_is_tried_again() {
    a_sending_waits_runs_fails_and_is_tried_again(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_what_is_asked_for_again_while_it_is_sent_is_looked_at_once_more() {
    what_is_asked_for_again_while_it_is_sent_is_looked_at_once_more(&kit::store().await.1).await;
}

pub async fn reports_that_one_peer_is_owed_leave_room_for_those_of_others(store: &Store) {
    let owed = |to: &str, number: usize| Owed {
        to: to.to_owned(),
        transaction_uid: format!("1.2.{number}"),
        instances: vec![("1.2.3".to_owned(), "1.2.4".to_owned())],
    };
    for number in 0..1000 {
        store.owe_report(&owed("MODALITY", number)).await.unwrap();
    }
    let one_more = store.owe_report(&owed("MODALITY", 1000)).await;
    assert!(matches!(one_more, Err(StoreError::Refused(_))), "{one_more:?}");
    store.owe_report(&owed("MODALITY", 7)).await.unwrap();
    store.owe_report(&owed("MODALITY2", 1000)).await.unwrap();
    let job = store.take_job(REPORT, MINUTE, &[]).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Owed>(&job.payload).unwrap(), owed("MODALITY", 0));
}

#[tokio::test]
async fn sqlite_reports_that_one_peer_is_owed_leave_room_for_those_of_others() {
    reports_that_one_peer_is_owed_leave_room_for_those_of_others(&kit::store().await.1).await;
}

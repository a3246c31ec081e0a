//! What is ordered, what is performed of it, and what others promise to keep.

use peony_dicom::{Attribute, Attributes, Tag, VR};
use peony_store::{
    Claimed, Commitment, Order, OrderChange, OrderList, OrderState, Ordered, Sight, StepAnswer, StepState,
    Store, StoreError, WorkitemAnswer,
};

use crate::kit;

const STATUS: Tag = Tag(0x0040, 0x0252);
const SCHEDULED: Tag = Tag(0x0040, 0x0270);
const STEP_ID: Tag = Tag(0x0040, 0x0009);
const END_DATE: Tag = Tag(0x0040, 0x0250);
const END_TIME: Tag = Tag(0x0040, 0x0251);
const SERIES: Tag = Tag(0x0040, 0x0340);
const REASON: Tag = Tag(0x0040, 0x0281);
const CODE: Tag = Tag(0x0008, 0x0100);

fn order(number: u32) -> Order {
    Order {
        patient_id: format!("P-{number}"),
        patient_name: "WANG^FANG=王^芳".to_owned(),
        procedure: "Breast ultrasound".to_owned(),
        date: format!("202611{:02}", 10 + number),
        time: "0930".to_owned(),
        ..Order::default()
    }
}

async fn open(store: &Store, days: [&str; 2]) -> Vec<(i64, OrderState)> {
    let open = store.open_orders(days, 0).await.unwrap();
    open.iter().map(|order| (order.id, order.state)).collect()
}

pub async fn an_order_is_kept_once_and_found_by_its_day(store: &Store) {
    let mut kept = Vec::new();
    for number in 0..3 {
        kept.push(store.add_order(&order(number), "test").await.unwrap());
    }
    let [first, second, third] = &kept[..] else { panic!("three") };
    assert!(first.study_uid.starts_with("2.25.") && first.study_uid != second.study_uid);
    assert_eq!((first.start.as_str(), first.state), ("202611100930", OrderState::Scheduled));
    let step = &first.item["00400100"]["Value"][0];
    assert_eq!(step["00400009"]["Value"][0], first.step_id.as_str());
    assert_eq!(
        (&step["00080060"]["Value"][0], &step["00400020"]["Value"][0]),
        (&"US".into(), &"SCHEDULED".into())
    );
    let ids = |days| async move { open(store, days).await.iter().map(|(id, _)| *id).collect::<Vec<_>>() };
    assert_eq!(ids(["", ""]).await, [first.id, second.id, third.id]);
    assert_eq!(ids(["20261111", "20261111"]).await, [second.id]);
    assert_eq!(ids(["20261111", ""]).await, [second.id, third.id]);
    assert_eq!(ids(["", "20261110"]).await, [first.id]);
    assert_eq!(store.open_orders(["", ""], second.id).await.unwrap().len(), 1);

    // As a list that is taken again says it.
    let named = Order { step_id: "SPS-1".to_owned(), ..order(5) };
    let kept = store.add_order(&named, "test").await.unwrap();
    assert_eq!(store.add_order(&named, "test").await.unwrap().id, kept.id);
    let other = Order { patient_id: "P-9".to_owned(), ..named };
    assert!(matches!(store.add_order(&other, "test").await, Err(StoreError::Refused(_))));
    assert_eq!(ids(["20261115", ""]).await, [kept.id]);
    let audit = store.audit_after(0, 10).await.unwrap();
    let lines: Vec<(&str, &str)> = audit.iter().map(|line| (line.who.as_str(), line.act.as_str())).collect();
    assert_eq!(lines, [("test", "add-order"); 4]);
}

pub async fn an_order_is_for_the_eyes_of_its_site(store: &Store) {
    let ids = |seen: Store| async move {
        let open = seen.open_orders(["", ""], 0).await.unwrap();
        let all = seen.orders(["", ""], 0).await.unwrap();
        assert_eq!(open.len(), all.len());
        open.iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let of = |title: &'static str| async move { store.seeing(store.sight_of_title(title).await.unwrap()) };
    let none = store.add_order(&order(0), "test").await.unwrap();
    store.add_site("north", "test").await.unwrap();
    store.set_sender("north", "US_NORTH", "test").await.unwrap();
    let at = |site: &str| store.seeing(Sight::everything(site));
    let north = at("north").add_order(&order(1), "test").await.unwrap();
    assert_eq!((none.site.as_str(), north.site.as_str()), ("", "north"));
    assert!(matches!(at("nowhere").add_order(&order(2), "test").await, Err(StoreError::Missing("site"))));
    // With one site at most, everything is everybody's.
    assert_eq!(ids(of("STRANGER").await).await, [none.id, north.id]);

    store.add_site("south", "test").await.unwrap();
    store.set_sender("south", "US_SOUTH", "test").await.unwrap();
    let south = at("south").add_order(&Order { step_id: "S-1".into(), ..order(2) }, "test").await.unwrap();
    assert_eq!(ids(of("US_NORTH").await).await, [north.id]);
    assert_eq!(ids(of("US_SOUTH").await).await, [south.id]);
    assert_eq!(ids(of("STRANGER").await).await, [none.id]);
    assert_eq!(ids(store.clone()).await, [none.id, north.id, south.id]);
    assert_eq!(ids(store.seeing(Sight::of([], ""))).await, [0_i64; 0]);
    // The same step of another site is another order.
    let same = Order { step_id: "S-1".into(), ..order(2) };
    assert!(matches!(at("north").add_order(&same, "test").await, Err(StoreError::Refused(_))));
    assert_eq!(at("south").add_order(&same, "test").await.unwrap().id, south.id);

    let northern = of("US_NORTH").await;
    assert!(northern.workitem(&south.workitem_uid).await.unwrap().is_none());
    assert!(northern.workitem(&north.workitem_uid).await.unwrap().is_some());
    let claim = northern.claim(&south.workitem_uid, Claimed::Begun, "1.2.3", "test").await.unwrap();
    assert_eq!(claim, WorkitemAnswer::Unknown);
    assert!(matches!(northern.cancel_order("S-1", "test").await, Err(StoreError::Missing("order"))));

    // A step is written down whoever performs it, and begins no order of another site.
    let state = |id: i64| async move {
        let all = store.orders(["", ""], 0).await.unwrap();
        all.iter().find(|order| order.id == id).unwrap().state
    };
    let begun = said("IN PROGRESS", &south, &[]);
    let answer = northern.begin_step("1.2.7", "US_NORTH", &begun).await.unwrap();
    assert_eq!(
        (answer, state(south.id).await),
        (StepAnswer::Taken(StepState::InProgress), OrderState::Scheduled)
    );
    let southern = of("US_SOUTH").await;
    assert_eq!(
        southern.change_step("1.2.7", "US_SOUTH", &said("COMPLETED", &south, &[])).await.unwrap(),
        StepAnswer::Unknown
    );
    assert_eq!(southern.begin_step("1.2.7", "US_SOUTH", &begun).await.unwrap(), StepAnswer::OtherSite);
    southern.begin_step("1.2.8", "US_SOUTH", &begun).await.unwrap();
    assert_eq!(state(south.id).await, OrderState::Started);
    let completed = said("COMPLETED", &south, &[]);
    assert_eq!(
        southern.change_step("1.2.8", "US_SOUTH", &completed).await.unwrap(),
        StepAnswer::Taken(StepState::Completed)
    );
    assert_eq!(state(south.id).await, OrderState::Completed);
}

/// What a modality says of a step of an order.
fn said(status: &str, order: &Ordered, more: &[(Tag, Attribute)]) -> Attributes {
    let text = |tag, text: &str| (tag, Attribute::of(tag, vec![text.to_owned()]));
    let item = [text(kit::STUDY_UID, &order.study_uid), text(STEP_ID, &order.step_id)].into();
    let scheduled = Attribute { vr: VR::SQ, values: Vec::new(), items: vec![item] };
    let mut said: Attributes = [text(STATUS, status), (SCHEDULED, scheduled)].into();
    if status == "COMPLETED" {
        said.extend([text(END_DATE, "20261110"), text(END_TIME, "0945")]);
        said.insert(SERIES, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![Attributes::new()] });
    }
    said.extend(more.iter().cloned());
    said
}

pub async fn a_step_takes_its_order_along(store: &Store) {
    let mut orders = Vec::new();
    for number in 0..3 {
        orders.push(store.add_order(&order(number), "test").await.unwrap());
    }
    let code = Attribute::of(CODE, vec!["110514".to_owned()]);
    let another = Attribute { vr: VR::SQ, values: Vec::new(), items: vec![[(CODE, code)].into()] };
    let ends = [
        ("COMPLETED", vec![], StepState::Completed, None),
        ("DISCONTINUED", vec![], StepState::Discontinued, None),
        ("DISCONTINUED", vec![(REASON, another)], StepState::Discontinued, Some(OrderState::Scheduled)),
    ];
    for (order, (word, more, state, left)) in orders.iter().zip(ends) {
        let uid = format!("1.2.{}", order.id);
        let begun = store.begin_step(&uid, "US_1", &said("IN PROGRESS", order, &[])).await.unwrap();
        assert_eq!(begun, StepAnswer::Taken(StepState::InProgress));
        let now = |open: Vec<(i64, OrderState)>| open.into_iter().find(|(id, _)| *id == order.id);
        assert_eq!(now(open(store, ["", ""]).await), Some((order.id, OrderState::Started)));
        let ended = store.change_step(&uid, "US_1", &said(word, order, &more)).await.unwrap();
        assert_eq!(ended, StepAnswer::Taken(state));
        assert_eq!(now(open(store, ["", ""]).await).map(|(_, state)| state), left, "{word}");
        let late = store.change_step(&uid, "US_1", &said("IN PROGRESS", order, &[])).await.unwrap();
        assert_eq!(late, StepAnswer::Final);
        assert_eq!(store.performed_step(&uid).await.unwrap().unwrap().0, state);
    }
    let events = store.events_after(0, 10).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let [begun, completed, discontinued] = ["step-begun", "step-completed", "step-discontinued"];
    assert_eq!(kinds, [begun, completed, begun, discontinued, begun, discontinued]);
    assert!(store.performed_step("1.2.3.4").await.unwrap().is_none());
    let audit = store.audit_after(0, 20).await.unwrap();
    let lines: Vec<(&str, &str)> = audit
        .iter()
        .filter(|line| line.who == "US_1")
        .map(|line| (line.act.as_str(), line.what.rsplit(": ").next().unwrap_or_default()))
        .collect();
    let begins = ("begin-step", "IN PROGRESS");
    let ended = ["COMPLETED", "DISCONTINUED", "DISCONTINUED"].map(|word| ("change-step", word));
    assert_eq!(
        lines,
        [begins, ended[0], begins, ended[1], begins, ended[2]],
        "and nothing of what was refused"
    );
}

pub async fn an_order_is_changed_and_cancelled_until_it_begins(store: &Store) {
    let mut kept = Vec::new();
    for number in 0..2 {
        kept.push(store.add_order(&order(number), "test").await.unwrap());
    }
    let [first, second] = &kept[..] else { panic!("two") };
    let later = |order: &mut Order| {
        order.date = "20261212".to_owned();
        order.time = "1015".to_owned();
        order.patient_name = "LI^NA".to_owned();
    };
    let changed = store.change_order(&first.step_id, later, "test").await.unwrap();
    assert_eq!((changed.id, changed.start.as_str()), (first.id, "202612121015"));
    let [now] = store.open_orders(["20261212", "20261212"], 0).await.unwrap().try_into().ok().unwrap();
    assert!(now.item == changed.item && now.study_uid == first.study_uid);
    assert_eq!(now.item["00100010"]["Value"][0]["Alphabetic"], "LI^NA");
    assert_eq!(now.item["00321060"], first.item["00321060"], "the rest stays");
    let wrong = store.change_order(&first.step_id, |order| order.date = "soon".to_owned(), "test").await;
    assert!(matches!(wrong, Err(StoreError::Unfit(_))));
    let other = store.change_order(&first.step_id, |order| order.study_uid = "1.2".to_owned(), "test").await;
    assert!(matches!(other, Err(StoreError::Refused(_))));
    assert!(matches!(store.cancel_order("P-9", "test").await, Err(StoreError::Missing(_))));

    let gone = store.cancel_order(&first.step_id, "test").await.unwrap();
    assert_eq!(gone.state, OrderState::Cancelled);
    assert_eq!(open(store, ["", ""]).await, [(second.id, OrderState::Scheduled)]);
    store.begin_step("1.2.5", "US_1", &said("IN PROGRESS", second, &[])).await.unwrap();
    // A machine that had it on its list before.
    store.begin_step("1.2.6", "US_1", &said("IN PROGRESS", first, &[])).await.unwrap();
    assert_eq!(open(store, ["", ""]).await, [(second.id, OrderState::Started)], "what has begun stays");
    for step_id in [&first.step_id, &second.step_id] {
        assert!(matches!(store.cancel_order(step_id, "test").await, Err(StoreError::Refused(_))));
        let changed = store.change_order(step_id, |_| {}, "test").await;
        assert!(matches!(changed, Err(StoreError::Refused(_))));
    }
    let audit = store.audit_after(0, 10).await.unwrap();
    let acts: Vec<&str> = audit.iter().map(|line| line.act.as_str()).collect();
    assert_eq!(acts, ["add-order", "add-order", "change-order", "cancel-order", "begin-step", "begin-step"]);
}

pub async fn a_desk_lists_what_it_registers_for_the_sites_that_it_sees(store: &Store) {
    for site in ["north", "south"] {
        store.add_site(site, "test").await.unwrap();
    }
    let desk = store.seeing(Sight::of(["north"], "north"));
    let house = store.seeing(Sight::everything(""));
    let at = |number, time: &str| Order { date: "20261126".into(), time: time.into(), ..order(number) };
    let mut kept = Vec::new();
    for (number, time) in [(1, "1015"), (2, "0930"), (3, "")] {
        kept.push(desk.register_order(&at(number, time), "", "test").await.unwrap());
    }
    let south = house.register_order(&at(4, "0800"), "south", "test").await.unwrap();
    assert_eq!((kept[0].site.as_str(), south.site.as_str()), ("north", "south"));
    for (desk, site) in [(&desk, "south"), (&house, "nowhere")] {
        let refused = desk.register_order(&at(5, ""), site, "test").await;
        assert!(matches!(refused, Err(StoreError::Missing("site"))), "{site}");
    }
    // Every order has a number of its own, also one that begins at no time of its day.
    let mut numbers: Vec<String> = kept.iter().map(|order| order.order().accession).collect();
    numbers.dedup();
    assert!(numbers.len() == 3 && numbers.iter().all(|number| number.starts_with("20261126")), "{numbers:?}");
    let named = Order { step_id: "S-1".into(), ..at(6, "1200") };
    let first = desk.register_order(&named, "", "test").await.unwrap();
    assert_eq!(
        desk.register_order(&named, "", "test").await.unwrap().id,
        first.id,
        "the same again is no other"
    );
    let unnumbered = store.add_order(&order(7), "test").await.unwrap();
    assert_eq!(unnumbered.order().accession, "", "whoever orders elsewhere has numbers of their own");

    let ids = async |desk: &Store, which: OrderList<'_>, most| {
        let listed = desk.list_orders(which, most).await.unwrap();
        listed.iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let day = OrderList { day: "20261126", ..OrderList::default() };
    let [late, early, whole_day] = [&kept[0], &kept[1], &kept[2]].map(|order| order.id);
    assert_eq!(ids(&desk, day, 10).await, [whole_day, early, late, first.id]);
    assert_eq!(ids(&house, day, 10).await, [whole_day, south.id, early, late, first.id]);
    assert_eq!(ids(&desk, OrderList { after: Some((&kept[1].start, early)), ..day }, 1).await, [late]);
    assert_eq!(ids(&store.seeing(Sight::of([], "")), day, 10).await, [0_i64; 0]);
    desk.cancel_order(&kept[0].step_id, "test").await.unwrap();
    let cancelled = OrderList { state: Some(OrderState::Cancelled), ..day };
    assert_eq!(ids(&desk, cancelled, 10).await, [late]);

    let change = OrderChange { procedure: Some("Left breast".into()), ..OrderChange::default() };
    let changed = desk.change_order(&kept[1].step_id, |order| change.apply(order), "test").await.unwrap();
    let (now, before) = (changed.order(), kept[1].order());
    assert_eq!(
        [&now.procedure, &now.step],
        ["Left breast"; 2],
        "a step that was described as its procedure still is"
    );
    assert!(
        now == Order { procedure: now.procedure.clone(), step: now.step.clone(), ..before },
        "the rest stays"
    );
}

#[tokio::test]
async fn sqlite_a_desk_lists_what_it_registers_for_the_sites_that_it_sees() {
    a_desk_lists_what_it_registers_for_the_sites_that_it_sees(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_an_order_is_changed_and_cancelled_until_it_begins() {
    an_order_is_changed_and_cancelled_until_it_begins(&kit::store().await.1).await;
}

pub async fn what_others_promise_is_written_down(store: &Store) {
    let instances = ["1.2.1", "1.2.2", "1.2.3"].map(str::to_owned);
    store.ask_commitment("1.9", "ARCHIVE", &instances).await.unwrap();
    let asked = Commitment { peer: "ARCHIVE".to_owned(), instances: instances.to_vec(), not_kept: None };
    assert_eq!(store.commitment("1.9").await.unwrap(), Some(asked.clone()));
    let kept = ["1.2.2", "1.2.7"].map(str::to_owned);
    for (transaction, peer) in [("1.8", "ARCHIVE"), ("1.9", "ANOTHER")] {
        let answer = store.answer_commitment(transaction, peer, &kept).await;
        assert!(matches!(answer, Err(StoreError::Missing(_))), "{transaction} {peer}");
    }
    store.answer_commitment("1.9", "ARCHIVE", &kept).await.unwrap();
    let not_kept = Some(vec!["1.2.1".to_owned(), "1.2.3".to_owned()]);
    assert_eq!(store.commitment("1.9").await.unwrap(), Some(Commitment { not_kept, ..asked.clone() }));
    store.answer_commitment("1.9", "ARCHIVE", &instances).await.unwrap();
    assert_eq!(
        store.commitment("1.9").await.unwrap(),
        Some(Commitment { not_kept: Some(Vec::new()), ..asked })
    );
}

#[tokio::test]
async fn sqlite_an_order_is_for_the_eyes_of_its_site() {
    an_order_is_for_the_eyes_of_its_site(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_an_order_is_kept_once_and_found_by_its_day() {
    an_order_is_kept_once_and_found_by_its_day(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_a_step_takes_its_order_along() {
    a_step_takes_its_order_along(&kit::store().await.1).await;
}

#[tokio::test]
async fn sqlite_what_others_promise_is_written_down() {
    what_others_promise_is_written_down(&kit::store().await.1).await;
}

#[tokio::test]
async fn an_order_of_another_form_is_refused_by_the_name_of_its_field() {
    let (_folder, store) = kit::store().await;
    let text = |text: &str| text.to_owned();
    for (bad, field) in [
        (Order { patient_id: text(""), ..order(1) }, "patient_id is missing"),
        (Order { patient_name: text("a\\b"), ..order(1) }, "patient_name"),
        (Order { patient_name: text("a=b=c=d"), ..order(1) }, "patient_name"),
        (Order { birth_date: text("1970-01-01"), ..order(1) }, "birth_date"),
        (Order { date: text("20261301"), ..order(1) }, "date"),
        (Order { date: text("２０２６１１２６"), ..order(1) }, "date"),
        (Order { time: text("2460"), ..order(1) }, "time"),
        (Order { sex: text("X"), ..order(1) }, "sex"),
        (Order { study_uid: text("1.2/3"), ..order(1) }, "study_uid"),
        (Order { accession: text("12345678901234567"), ..order(1) }, "accession"),
        (Order { station: text("a\nb"), ..order(1) }, "station"),
    ] {
        let faults = bad.faults();
        assert!(faults.len() == 1 && faults[0].starts_with(field), "{faults:?}");
        assert!(matches!(store.add_order(&bad, "test").await, Err(StoreError::Unfit(_))), "{field}");
    }
    assert!(open(&store, ["", ""]).await.is_empty());
}

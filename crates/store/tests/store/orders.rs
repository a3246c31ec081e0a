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
    assert!(matches!(store.add_order(&other, "test").await, Err(StoreError::Taken(_))));
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
    assert!(matches!(at("north").add_order(&same, "test").await, Err(StoreError::Taken(_))));
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
    let started = [first, second].map(|order| (order.id, OrderState::Started));
    assert_eq!(open(store, ["", ""]).await, started, "what has begun is under way, wanted or not");
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
    // Of no site nobody at a desk would see it.
    let of_none = house.register_order(&at(7, ""), "", "test").await;
    assert!(matches!(of_none, Err(StoreError::Unfit(why)) if why.contains("site")));

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

pub async fn what_only_one_order_may_have_is_given_to_no_second_one(store: &Store) {
    // What the next one would be given somebody has written by hand.
    let mut kept = Vec::new();
    for step_id in ["P2", "", "P5", "P5-1", ""] {
        let named = Order { step_id: step_id.into(), ..order(1) };
        kept.push(store.add_order(&named, "test").await.unwrap());
    }
    let steps: Vec<&str> = kept.iter().map(|order| order.step_id.as_str()).collect();
    assert_eq!(steps, ["P2", "P2-1", "P5", "P5-1", "P5-2"]);
    let written = |number: u32, accession: &str| Order { accession: accession.into(), ..order(number) };
    for next in [written(2, "202611130007"), order(3), order(3)] {
        kept.push(store.add_order(&next, "test").await.unwrap());
    }
    let mut numbers: Vec<String> = kept.iter().map(|order| order.order().accession).collect();
    assert_eq!(numbers[5..], ["202611130007", "202611130008", "202611130009"]);
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), kept.len(), "each has one of its own: {numbers:?}");

    // One that is written by hand is the patient's own, or nobody's any more.
    let taken = store.add_order(&written(8, "202611130007"), "test").await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));
    store.add_order(&written(2, "202611130007"), "test").await.unwrap();
    let other = store.add_order(&written(8, "A-8"), "test").await.unwrap();
    let number = |accession: &str| {
        let accession = accession.to_owned();
        move |order: &mut Order| order.accession = accession
    };
    let taken = store.change_order(&other.step_id, number("202611130007"), "test").await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));
    let patient = |order: &mut Order| order.patient_id = "P-9".into();
    assert!(store.change_order(&other.step_id, patient, "test").await.is_ok(), "it is alone with its number");
    let given = store.change_order(&other.step_id, number(" "), "test").await.unwrap();
    assert_eq!(given.order().accession, format!("20261118{:04}", other.id), "as a new one without it");
    store.cancel_order(&other.step_id, "test").await.unwrap();
    let freed = given.order().accession;
    store.add_order(&written(1, &freed), "test").await.unwrap();
    // Another house counts its own.
    store.add_site("north", "test").await.unwrap();
    let north = store.seeing(Sight::everything("north"));
    north.add_order(&written(8, "202611130007"), "test").await.unwrap();
}

#[tokio::test]
async fn sqlite_what_only_one_order_may_have_is_given_to_no_second_one() {
    what_only_one_order_may_have_is_given_to_no_second_one(&kit::store().await.1).await;
}

pub async fn an_order_stands_as_all_steps_of_it_say(store: &Store) {
    let code = Attribute::of(CODE, vec!["110514".to_owned()]);
    let another = (REASON, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![[(CODE, code)].into()] });
    let mistake = std::slice::from_ref(&another);
    let state = async |id: i64| {
        let all = store.orders(["", ""], 0).await.unwrap();
        all.into_iter().find(|order| order.id == id).unwrap().state
    };
    let begin = async |order: &Ordered, number: i32| {
        let uid = format!("1.2.{number}");
        store.begin_step(&uid, "US_1", &said("IN PROGRESS", order, &[])).await.unwrap();
        uid
    };
    let end = async |uid: &str, word: &str, order: &Ordered, more: &[(Tag, Attribute)]| {
        store.change_step(uid, "US_1", &said(word, order, more)).await.unwrap();
    };
    let mut last = 0;
    let mut next = || {
        last += 1;
        last
    };

    // One that was begun by mistake, beside one that goes on.
    let order_of = async |number| store.add_order(&order(number), "test").await.unwrap();
    let one = order_of(0).await;
    let (first, second) = (begin(&one, next()).await, begin(&one, next()).await);
    end(&first, "DISCONTINUED", &one, mistake).await;
    assert_eq!(state(one.id).await, OrderState::Started);
    assert!(matches!(store.cancel_order(&one.step_id, "test").await, Err(StoreError::Refused(_))));
    end(&second, "COMPLETED", &one, &[]).await;
    assert_eq!(state(one.id).await, OrderState::Completed);
    // Two, of which one is done.
    let two = order_of(1).await;
    let (first, second) = (begin(&two, next()).await, begin(&two, next()).await);
    end(&first, "COMPLETED", &two, &[]).await;
    assert_eq!(state(two.id).await, OrderState::Started);
    end(&second, "DISCONTINUED", &two, &[]).await;
    assert_eq!(state(two.id).await, OrderState::Completed);
    // Begun again after it was broken off.
    let three = order_of(2).await;
    let first = begin(&three, next()).await;
    end(&first, "DISCONTINUED", &three, &[]).await;
    assert_eq!(state(three.id).await, OrderState::Discontinued);
    let again = begin(&three, next()).await;
    assert_eq!(state(three.id).await, OrderState::Started);
    end(&again, "DISCONTINUED", &three, mistake).await;
    assert_eq!(state(three.id).await, OrderState::Discontinued);
    // Cancelled, and performed by a machine that had it on its list.
    let four = order_of(3).await;
    store.cancel_order(&four.step_id, "test").await.unwrap();
    let first = begin(&four, next()).await;
    end(&first, "DISCONTINUED", &four, mistake).await;
    assert_eq!(state(four.id).await, OrderState::Cancelled, "nobody wants it still");
    let second = begin(&four, next()).await;
    assert_eq!(state(four.id).await, OrderState::Started);
    end(&second, "COMPLETED", &four, &[]).await;
    assert_eq!(state(four.id).await, OrderState::Completed);
    // Two steps that end at once.
    let five = order_of(4).await;
    let (first, second) = (begin(&five, next()).await, begin(&five, next()).await);
    tokio::join!(end(&first, "COMPLETED", &five, &[]), end(&second, "DISCONTINUED", &five, &[]));
    assert_eq!(state(five.id).await, OrderState::Completed);
    // Claimed as a workitem and ended so, whatever a machine breaks off later.
    let six = order_of(5).await;
    for wanted in [Claimed::Begun, Claimed::Completed] {
        let answer = store.claim(&six.workitem_uid, wanted, "1.9", "test").await.unwrap();
        assert_eq!(answer, WorkitemAnswer::Taken);
    }
    let first = begin(&six, next()).await;
    assert_eq!(state(six.id).await, OrderState::Started);
    end(&first, "DISCONTINUED", &six, &[]).await;
    assert_eq!(state(six.id).await, OrderState::Completed);
    // A machine goes on with what was claimed and ended, and a claim goes on where a machine has broken off.
    let claim = async |order: &Ordered, wanted| {
        store.claim(&order.workitem_uid, wanted, "1.9", "test").await.unwrap()
    };
    for wanted in [Claimed::Completed, Claimed::Cancelled] {
        let seven = order_of(6).await;
        assert_eq!(claim(&seven, Claimed::Begun).await, WorkitemAnswer::Taken);
        let first = begin(&seven, next()).await;
        assert_eq!(claim(&seven, wanted).await, WorkitemAnswer::Taken);
        assert_eq!(state(seven.id).await, OrderState::Started, "the machine is at it still");
        assert_eq!(claim(&seven, wanted).await, WorkitemAnswer::Final, "it was ended already");
        end(&first, "COMPLETED", &seven, &[]).await;
        assert_eq!(state(seven.id).await, OrderState::Completed);
        let eight = order_of(7).await;
        assert_eq!(claim(&eight, Claimed::Begun).await, WorkitemAnswer::Taken);
        let first = begin(&eight, next()).await;
        end(&first, "DISCONTINUED", &eight, &[]).await;
        assert_eq!(state(eight.id).await, OrderState::Started, "the claim goes on");
        assert_eq!(claim(&eight, Claimed::Completed).await, WorkitemAnswer::Taken);
        assert_eq!(state(eight.id).await, OrderState::Completed);
    }
}

#[tokio::test]
async fn sqlite_an_order_stands_as_all_steps_of_it_say() {
    an_order_stands_as_all_steps_of_it_say(&kit::store().await.1).await;
}

pub async fn a_step_stays_of_the_order_and_the_patient_that_it_began_with(store: &Store) {
    let (one, other) = (
        store.add_order(&order(0), "test").await.unwrap(),
        store.add_order(&order(1), "test").await.unwrap(),
    );
    let text = |tag, text: &str| (tag, Attribute::of(tag, vec![text.to_owned()]));
    let patient = |id: &str| text(kit::PATIENT_ID, id);
    let begun = said("IN PROGRESS", &one, &[patient("P-0"), text(kit::NAME, "WANG^FANG")]);
    store.begin_step("1.2.5", "US_1", &begun).await.unwrap();
    for (changes, tag) in [
        (said("COMPLETED", &other, &[]), SCHEDULED),
        (said("COMPLETED", &Ordered { step_id: other.step_id.clone(), ..one.clone() }, &[]), SCHEDULED),
        (said("COMPLETED", &one, &[patient("P-1")]), kit::PATIENT_ID),
    ] {
        assert_eq!(store.change_step("1.2.5", "US_1", &changes).await.unwrap(), StepAnswer::Another(tag));
    }
    let states = async || open(store, ["", ""]).await.into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    assert_eq!(states().await, [OrderState::Started, OrderState::Scheduled]);
    // Whoever repeats what was said first, or says less of it, is no fault, and that stays.
    let same = said(
        "COMPLETED",
        &Ordered { step_id: String::new(), ..one.clone() },
        &[patient("P-0"), text(kit::NAME, "WANG FANG")],
    );
    let answer = store.change_step("1.2.5", "US_1", &same).await.unwrap();
    assert_eq!(answer, StepAnswer::Taken(StepState::Completed));
    let (_, kept) = store.performed_step("1.2.5").await.unwrap().unwrap();
    assert_eq!(kept["00100010"]["Value"][0]["Alphabetic"], "WANG^FANG");
    assert_eq!(kept["00400270"]["Value"][0]["00400009"]["Value"][0], one.step_id.as_str());
    assert_eq!(states().await, [OrderState::Scheduled]);
}

#[tokio::test]
async fn sqlite_a_step_stays_of_the_order_and_the_patient_that_it_began_with() {
    a_step_stays_of_the_order_and_the_patient_that_it_began_with(&kit::store().await.1).await;
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
        (Order { station: text("中文"), ..order(1) }, "station"),
        (Order { patient_id: text("   "), ..order(1) }, "patient_id is missing"),
        (Order { patient_id: text("*"), ..order(1) }, "patient_id"),
        (Order { patient_name: text("  "), ..order(1) }, "patient_name is missing"),
        (Order { patient_name: text("^"), ..order(1) }, "patient_name"),
        (Order { patient_name: text("=="), ..order(1) }, "patient_name"),
        (Order { patient_name: text("WANG\u{202E}FANG"), ..order(1) }, "patient_name"),
        (Order { patient_name: text("a^b^c^d^e^f^g"), ..order(1) }, "patient_name"),
        (Order { date: text("20260230"), ..order(1) }, "date"),
        (Order { date: text("20270229"), ..order(1) }, "date"),
        (Order { birth_date: text("30000101"), ..order(1) }, "birth_date"),
        (Order { study_uid: text("."), ..order(1) }, "study_uid"),
        (Order { study_uid: text("..."), ..order(1) }, "study_uid"),
        (Order { study_uid: text("1.02.3"), ..order(1) }, "study_uid"),
        (Order { modality: text("*"), ..order(1) }, "modality"),
        (Order { modality: text("us"), ..order(1) }, "modality"),
    ] {
        let faults = bad.faults();
        assert!(faults.len() == 1 && faults[0].starts_with(field), "{faults:?}");
        assert!(matches!(store.add_order(&bad, "test").await, Err(StoreError::Unfit(_))), "{field}");
    }
    assert!(open(&store, ["", ""]).await.is_empty());
    let blanks = Order {
        patient_id: text(" P-9 "),
        station: text("us1 "),
        date: text("20280229"),
        study_uid: text("1.0.3"),
        ..order(1)
    };
    let kept = store.add_order(&blanks, "test").await.unwrap().order();
    assert_eq!([&kept.patient_id, &kept.station], ["P-9", "us1"], "blanks around a text say nothing");
}

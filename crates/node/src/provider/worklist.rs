//! C-FIND of a modality's worklist (PS3.4 Annex K): orders that are not performed yet.

use peony_dicom::{Attributes, Tag};
use peony_store::matching::{START_DATE, START_TIME, STATION, matches, passes_over, said_of};

use crate::archive::{Archive, Records};
use crate::association::{Association, AssociationError, Message};
use crate::identifier::CHARACTER_SET;
use crate::provider::query::failure_of;
use crate::provider::{identifier_of, is_cancelled, no_days, note_search, refuse, say_match};
use crate::status::Status;

/// Scheduled Procedure Step Sequence.
const STEPS: Tag = Tag(0x0040, 0x0100);

pub(super) async fn find<R: Archive + Records>(
    association: &mut Association,
    records: &R,
    message: &Message,
) -> Result<(), AssociationError> {
    let Message { context, command } = message;
    let Some(mut keys) = identifier_of(association, message).await? else { return Ok(()) };
    keys.remove(&CHARACTER_SET);
    if let Some(why) = no_days(&keys) {
        return refuse(association, message, Status::IDENTIFIER_DOES_NOT_MATCH, &why).await;
    }
    let [first, last] = days_of(&keys);
    let mut after = 0;
    loop {
        let orders = match records.open_orders([first, last], after).await {
            Ok(orders) => orders,
            Err(error) => {
                tracing::warn!(peer = association.peer(), reason = %error, "a question for the worklist is not answered");
                return refuse(association, message, failure_of(&error), "").await;
            }
        };
        if after == 0 {
            let peer = association.peer().to_owned();
            note_search(&peer, records, "worklist", &keys).await;
        }
        let Some((last_of_page, _)) = orders.last() else {
            return association.send_command(context.id, &command.response(Status::SUCCESS)).await;
        };
        after = *last_of_page;
        for (_, order) in orders.iter().filter(|(_, order)| matches(&keys, order)) {
            if is_cancelled(association, message)? {
                return association.send_command(context.id, &command.response(Status::CANCEL)).await;
            }
            let status = match passes_over(&keys, order) {
                true => Status::PENDING_WITHOUT_SOME_KEYS,
                false => Status::PENDING,
            };
            let said = shown(said_of(&keys, order), &keys, association.peer());
            say_match(association, message, status, &said).await?;
        }
    }
}

/// What is said of an order, with what must have a value and has none (PS3.4 Table K.6-1, return type 1): for every station is the one that is asked
/// for, else the one that asks, and without a time is the whole day, from its beginning.
fn shown(mut said: Attributes, keys: &Attributes, peer: &str) -> Attributes {
    let asked = keys.get(&STEPS).and_then(|steps| steps.items.first()?.get(&STATION));
    let asked = asked.and_then(|station| match station.values.as_slice() {
        [one] if !one.is_empty() && !one.contains(['*', '?']) => Some(one.as_str()),
        _ => None,
    });
    let steps = said.get_mut(&STEPS).map(|steps| steps.items.as_mut_slice()).unwrap_or_default();
    for step in steps {
        for (tag, value) in [(STATION, asked.unwrap_or(peer)), (START_TIME, "0000")] {
            if let Some(known) = step.get_mut(&tag).filter(|known| known.values.is_empty()) {
                known.values.push(value.to_owned());
            }
        }
    }
    said
}

/// The days that are asked for, both included; an empty one is no end. They spare looking at all the others.
fn days_of(keys: &Attributes) -> [&str; 2] {
    let asked = keys.get(&STEPS).and_then(|steps| steps.items.first()?.get(&START_DATE)?.values.first());
    let asked = asked.map_or("", String::as_str);
    let (first, last) = asked.split_once('-').unwrap_or((asked, asked));
    [first, last].map(|day| if is_day(day) { day } else { "" })
}

fn is_day(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

//! C-FIND of a modality's worklist (PS3.4 Annex K): orders that are not performed yet.

use peony_dicom::{Attributes, Tag};
use peony_store::matching::{START_DATE, matches, passes_over, said_of};

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
            say_match(association, message, status, &said_of(&keys, order)).await?;
        }
    }
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

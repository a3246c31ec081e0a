//! What shall be examined: orders, as a modality's worklist shows them (PS3.4 Annex K).

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use peony_dicom::{Attribute, Attributes, Tag, VR, is_day, is_uid};
use peony_model::is_hidden;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row as _};

use crate::error::StoreError;
use crate::index::now_ms;
use crate::json::{self, DicomJson};
use crate::sites::must_be_sites;
use crate::{Store, audit};

/// Orders that are read at a time.
const PAGE: i64 = 200;
/// Scheduled Procedure Step Sequence.
const STEPS: Tag = Tag(0x0040, 0x0100);
/// Scheduled Procedure Step Status, of an item of [`STEPS`].
const STATUS: Tag = Tag(0x0040, 0x0020);

/// What shall be done, for whom, when: one scheduled procedure step with the request that it is of. Texts are empty where nothing is said; blanks
/// around them say nothing. It has no debug form: it says who is examined (invariant 5).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Order {
    /// Patient ID; never empty.
    pub patient_id: String,
    /// Patient's Name in DICOM's form, such as `WANG^FANG=王^芳`; never empty.
    pub patient_name: String,
    /// Patient's Birth Date, `YYYYMMDD`.
    pub birth_date: String,
    /// Patient's Sex: `F`, `M` or `O`.
    pub sex: String,
    /// Accession Number, which no other patient's order of the site has; a new one where it is empty.
    pub accession: String,
    /// Referring Physician's Name.
    pub referring_physician: String,
    /// Study Instance UID; a new one where it is empty.
    pub study_uid: String,
    /// Requested Procedure ID; that of the step where it is empty.
    pub procedure_id: String,
    /// Requested Procedure Description.
    pub procedure: String,
    /// Scheduled Procedure Step ID, which no other order has; a new one where it is empty.
    pub step_id: String,
    /// Scheduled Procedure Step Description; that of the procedure where it is empty.
    pub step: String,
    /// Modality; `US` where it is empty.
    pub modality: String,
    /// Scheduled Station AE Title.
    pub station: String,
    /// Scheduled Procedure Step Start Date, `YYYYMMDD`; never empty.
    pub date: String,
    /// Scheduled Procedure Step Start Time, `HHMM` or `HHMMSS`.
    pub time: String,
    /// Scheduled Performing Physician's Name.
    pub performing_physician: String,
}

/// What a text of an order may be.
enum Form {
    /// So many letters and no backslash, and none that no screen shows.
    Text(usize),
    /// The same with a letter or digit among them: by it something is told apart.
    Id(usize),
    /// The same of a person's name: three groups of five components (PS3.5 §6.2.1), with a letter among them.
    Name,
    /// A day of the calendar.
    Date,
    /// One that has come.
    Birth,
    /// Four or six digits.
    Time,
    /// A UID (PS3.5 §9.1).
    Uid,
    /// A code string (PS3.5 §6.2, CS).
    Code,
    /// A title of an application entity (PS3.5 §6.2, AE).
    Title,
    /// One of these.
    OneOf(&'static [&'static str]),
}

impl Form {
    fn fits(&self, text: &str) -> bool {
        let is_plain = !text.chars().any(|letter| letter == '\\' || is_hidden(letter));
        let is_short = |most: usize| is_plain && text.chars().count() <= most;
        let in_range = |at: usize, range: std::ops::RangeInclusive<u32>| {
            text.get(at..at + 2).and_then(|two| two.parse().ok()).is_some_and(|two| range.contains(&two))
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Text(most) => is_short(*most),
            Self::Id(most) => is_short(*most) && text.chars().any(char::is_alphanumeric),
            Self::Name => {
                is_plain
                    && text.chars().any(char::is_alphabetic)
                    && text.split('=').count() <= 3
                    && text
                        .split('=')
                        .all(|group| group.chars().count() <= 64 && group.split('^').count() <= 5)
            }
            Self::Date => is_day(text),
            Self::Birth => is_day(text) && text <= tomorrow().as_str(),
            Self::Time => {
                digits
                    && [4, 6].contains(&text.len())
                    && in_range(0, 0..=23)
                    && in_range(2, 0..=59)
                    && (text.len() == 4 || in_range(4, 0..=59))
            }
            Self::Uid => {
                is_uid(text)
                    && text.contains('.')
                    && text.split('.').all(|part| part == "0" || !part.starts_with('0'))
            }
            Self::Code => {
                text.len() <= 16
                    && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'_'))
            }
            Self::Title => is_title(text),
            Self::OneOf(words) => words.contains(&text),
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Text(most) => format!("at most {most} letters, no backslash, none of them invisible"),
            Self::Id(most) => {
                format!("at most {most} letters, a letter or digit among them, no backslash, none of them invisible")
            }
            Self::Name => "a name of up to three groups of 64 letters and five components, a letter among them, no backslash, \
                           none of them invisible"
                .into(),
            Self::Date => "a day of the calendar, YYYYMMDD".into(),
            Self::Birth => "a day of the calendar, YYYYMMDD, that does not lie ahead".into(),
            Self::Time => "a time, HHMM or HHMMSS".into(),
            Self::Uid => {
                "a UID: numbers without a zero before them and dots between them, at most 64 characters".into()
            }
            Self::Code => "at most 16 capitals, digits, spaces and underscores".into(),
            Self::Title => "a title of at most 16 letters of ASCII, no backslash".into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// Whether a text is a title of an application entity (PS3.5 §6.2, AE).
pub(crate) fn is_title(text: &str) -> bool {
    (1..=16).contains(&text.len())
        && text.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'\\')
        && text.trim() == text
}

/// East of Greenwich the next day has come already.
fn tomorrow() -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.saturating_add(1.day()).strftime("%Y%m%d").to_string()
}

impl Order {
    /// What is wrong with it, a line each, by the names of the fields and without their values.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, text, form, needed) in self.trimmed().fields() {
            if text.is_empty() && needed {
                faults.push(format!("{name} is missing"));
            } else if !text.is_empty() && !form.fits(text) {
                faults.push(format!("{name} must be {}", form.said()));
            }
        }
        faults
    }

    /// Name, text, form (PS3.5 §6.2), and whether it must be there.
    #[rustfmt::skip] // Read as a table.
    fn fields(&self) -> [(&'static str, &str, Form, bool); 16] {
        [
            ("patient_id",           &self.patient_id,           Form::Id(64),   true),
            ("patient_name",         &self.patient_name,         Form::Name,     true),
            ("birth_date",           &self.birth_date,           Form::Birth,    false),
            ("sex",                  &self.sex,                  Form::OneOf(&["F", "M", "O"]), false),
            ("accession",            &self.accession,            Form::Id(16),   false),
            ("referring_physician",  &self.referring_physician,  Form::Name,     false),
            ("study_uid",            &self.study_uid,            Form::Uid,      false),
            ("procedure_id",         &self.procedure_id,         Form::Id(16),   false),
            ("procedure",            &self.procedure,            Form::Text(64), false),
            ("step_id",              &self.step_id,              Form::Id(16),   false),
            ("step",                 &self.step,                 Form::Text(64), false),
            ("modality",             &self.modality,             Form::Code,     false),
            ("station",              &self.station,              Form::Title,    false),
            ("date",                 &self.date,                 Form::Date,     true),
            ("time",                 &self.time,                 Form::Time,     false),
            ("performing_physician", &self.performing_physician, Form::Name,     false),
        ]
    }

    /// Without the blanks around its texts.
    fn trimmed(&self) -> Self {
        let mut order = self.clone();
        for (_, text) in TEXTS.iter().chain(STEP_TEXTS) {
            let text = text(&mut order);
            *text = text.trim().to_owned();
        }
        order
    }

    /// With what its other texts give, where nothing is said.
    fn completed(self) -> Self {
        let or = |said: &str, other: &str| if said.is_empty() { other } else { said }.to_owned();
        Self {
            procedure_id: or(&self.procedure_id, &self.step_id),
            step: or(&self.step, &self.procedure),
            modality: or(&self.modality, "US"),
            ..self
        }
    }

    /// As an item of a worklist (PS3.4 Table K.6-1), in the DICOM JSON Model.
    fn item(&self) -> DicomJson {
        let mut order = self.clone();
        let mut of = |texts: &[(Tag, Text)]| -> Attributes {
            let attribute = |(tag, text): &(Tag, Text)| {
                let text = text(&mut order);
                let values = if text.is_empty() { Vec::new() } else { vec![text.clone()] };
                (*tag, Attribute::of(*tag, values))
            };
            texts.iter().map(attribute).collect()
        };
        let step = of(STEP_TEXTS);
        let mut item = of(TEXTS);
        item.insert(STEPS, Attribute { vr: VR::SQ, values: Vec::new(), items: vec![step] });
        json::of_attributes(&item)
    }

    /// Out of such an item.
    fn of_item(item: &DicomJson) -> Self {
        let mut order = Self::default();
        let mut put = |item: &DicomJson, texts: &[(Tag, Text)]| {
            for (tag, text) in texts {
                let value = item.get(&json::key(*tag)).and_then(|attribute| attribute.get("Value")?.get(0));
                *text(&mut order) = value.map(json::text_of).unwrap_or_default();
            }
        };
        put(item, TEXTS);
        let step = item.get(&json::key(STEPS)).and_then(|steps| steps.get("Value")?.get(0)?.as_object());
        put(step.unwrap_or(&DicomJson::new()), STEP_TEXTS);
        order
    }
}

/// A text of an order.
type Text = fn(&mut Order) -> &mut String;

/// Where each text of an order is in an item of a worklist.
#[rustfmt::skip] // Read as a table.
const TEXTS: &[(Tag, Text)] = &[
    (Tag(0x0008, 0x0050), |order| &mut order.accession),
    (Tag(0x0008, 0x0090), |order| &mut order.referring_physician),
    (Tag(0x0010, 0x0010), |order| &mut order.patient_name),
    (Tag(0x0010, 0x0020), |order| &mut order.patient_id),
    (Tag(0x0010, 0x0030), |order| &mut order.birth_date),
    (Tag(0x0010, 0x0040), |order| &mut order.sex),
    (Tag(0x0020, 0x000D), |order| &mut order.study_uid),
    (Tag(0x0032, 0x1060), |order| &mut order.procedure),
    (Tag(0x0040, 0x1001), |order| &mut order.procedure_id),
];

/// And in its scheduled procedure step.
#[rustfmt::skip] // Read as a table.
const STEP_TEXTS: &[(Tag, Text)] = &[
    (Tag(0x0008, 0x0060), |order| &mut order.modality),
    (Tag(0x0040, 0x0001), |order| &mut order.station),
    (Tag(0x0040, 0x0002), |order| &mut order.date),
    (Tag(0x0040, 0x0003), |order| &mut order.time),
    (Tag(0x0040, 0x0006), |order| &mut order.performing_physician),
    (Tag(0x0040, 0x0007), |order| &mut order.step),
    (Tag(0x0040, 0x0009), |order| &mut order.step_id),
];

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum OrderState {
    /// Nobody has begun.
    Scheduled,
    /// A performed procedure step goes on.
    Started,
    /// It was performed.
    Completed,
    /// It was broken off.
    Discontinued,
    /// Nobody wants it any more, and nobody has begun.
    Cancelled,
}

impl OrderState {
    const ALL: [Self; 5] =
        [Self::Scheduled, Self::Started, Self::Completed, Self::Discontinued, Self::Cancelled];

    /// The word in the index; for the first two also in a worklist (PS3.3 §C.4.10, in capitals).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Discontinued => "discontinued",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// An order that is kept.
#[derive(Clone)]
pub struct Ordered {
    /// Its number.
    pub id: i64,
    /// How it stands.
    pub state: OrderState,
    /// Scheduled Procedure Step ID.
    pub step_id: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// What it is known by as a workitem (PS3.4 Annex CC).
    pub workitem_uid: String,
    /// The site that it is of, empty for none.
    pub site: String,
    /// Scheduled Procedure Step Start Date and Time, one after the other.
    pub start: String,
    /// As a worklist shows it (PS3.4 Table K.6-1).
    pub item: DicomJson,
}

impl Ordered {
    /// What it says.
    #[must_use]
    pub fn order(&self) -> Order {
        Order::of_item(&self.item)
    }
}

impl Store {
    /// Takes an order, which is on the disk when this returns; gives it as it is kept. The same order again is no other one. It is of the site that
    /// this store's [`Sight`](crate::Sight) is at home in; without an accession number it gets one that no other order has.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such site; [`StoreError::Unfit`] where a text has another form, [`StoreError::Taken`] where another
    /// order has its step's ID or another patient's its accession number; those of the index.
    pub async fn add_order(&self, order: &Order, who: &str) -> Result<Ordered, StoreError> {
        let faults = order.faults();
        if !faults.is_empty() {
            return Err(StoreError::Unfit(faults.join("; ")));
        }
        let mut order = order.trimmed();
        let site = self.sight.home();
        let mut writing = self.inner.index.write_orders().await?;
        if !site.is_empty() {
            must_be_sites(&mut writing, &[site.to_owned()]).await?;
        }
        if !order.step_id.is_empty() {
            let statement = format!("SELECT {COLUMNS} FROM orders WHERE step_id = $1");
            let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(order.step_id.as_str());
            if let Some(row) = row.fetch_optional(&mut *writing).await? {
                let kept = ordered(&row)?;
                let before = kept.order();
                // What it was given is given to the same again.
                for (said, given) in
                    [(&mut order.study_uid, before.study_uid), (&mut order.accession, before.accession)]
                {
                    if said.is_empty() {
                        *said = given;
                    }
                }
                let is_same = without_status(kept.item.clone()) == order.completed().item();
                return if is_same && kept.site == site { Ok(kept) } else { Err(step_taken()) };
            }
        }
        if order.study_uid.is_empty() {
            order.study_uid = new_uid();
        }
        // Its number is part of what it is given.
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO orders (step_id, study_uid, accession, start_at, state, item, at, workitem_uid, site)
             VALUES ($1, $1, '', '', 'scheduled', '', $2, $3, $4) RETURNING id",
        )
        .bind(new_uid())
        .bind(now_ms())
        .bind(new_uid())
        .bind(site)
        .fetch_one(&mut *writing)
        .await?;
        if order.step_id.is_empty() {
            order.step_id = free_step_id(&mut writing, id).await?;
        }
        order.accession = accession(&mut writing, (id, site), &order).await?;
        let kept = write(&mut writing, id, order.completed()).await?;
        audit::put(&mut writing, who, "add-order", &format!("order {id}")).await?;
        writing.commit().await?;
        Ok(kept)
    }

    /// Changes an order that nobody has begun, known by the ID of its step; gives it as it is kept then. What `change` leaves empty stays empty or is
    /// what a new order without it would have.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such order; [`StoreError::Refused`] where a performed procedure step has begun or it was cancelled, and
    /// where it would have another study or step; [`StoreError::Unfit`] where a text has another form; [`StoreError::Taken`] where another patient's
    /// order has its new accession number; those of the index.
    pub async fn change_order(
        &self,
        step_id: &str,
        change: impl FnOnce(&mut Order) + Send,
        who: &str,
    ) -> Result<Ordered, StoreError> {
        let mut writing = self.inner.index.write_orders().await?;
        let kept = self.scheduled(&mut writing, step_id).await?;
        let before = kept.order();
        let mut order = before.clone();
        change(&mut order);
        let mut order = order.trimmed();
        if [&order.study_uid, &order.step_id] != [&before.study_uid, &before.step_id] {
            return Err(StoreError::Refused("an order keeps its study and the ID of its procedure step"));
        }
        let faults = order.faults();
        if !faults.is_empty() {
            return Err(StoreError::Unfit(faults.join("; ")));
        }
        // Two that an earlier version let share a number stay so until one of them gets another.
        let stays = [&order.accession, &order.patient_id] == [&before.accession, &before.patient_id];
        if !stays || order.accession.is_empty() {
            order.accession = accession(&mut writing, (kept.id, &kept.site), &order).await?;
        }
        let changed = write(&mut writing, kept.id, order.completed()).await?;
        audit::put(&mut writing, who, "change-order", &format!("order {}", kept.id)).await?;
        writing.commit().await?;
        Ok(changed)
    }

    /// Takes an order that nobody has begun off the worklist, known by the ID of its step; gives it as it is kept then.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such order; [`StoreError::Refused`] where a performed procedure step has begun, and where it was
    /// cancelled already; those of the index.
    pub async fn cancel_order(&self, step_id: &str, who: &str) -> Result<Ordered, StoreError> {
        let mut writing = self.inner.index.write().await?;
        let kept = self.scheduled(&mut writing, step_id).await?;
        let state = OrderState::Cancelled;
        sqlx::query("UPDATE orders SET state = $2, own_state = $2 WHERE id = $1")
            .bind(kept.id)
            .bind(state.word())
            .execute(&mut *writing)
            .await?;
        audit::put(&mut writing, who, "cancel-order", &format!("order {}", kept.id)).await?;
        writing.commit().await?;
        Ok(Ordered { state, item: with_status(kept.item, state), ..kept })
    }

    /// Orders that are not performed yet and begin within `days` (`YYYYMMDD`, both included; an empty one is no end), after the one of number
    /// `after`, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`] of the index.
    pub async fn open_orders(&self, days: [&str; 2], after: i64) -> Result<Vec<Ordered>, StoreError> {
        self.orders_in("state IN ('scheduled', 'started')", days, after).await
    }

    /// As [`Self::open_orders`], of those that meet a condition.
    pub(crate) async fn orders_in(
        &self,
        condition: &str,
        days: [&str; 2],
        after: i64,
    ) -> Result<Vec<Ordered>, StoreError> {
        let [first, last] = days;
        let last = if last.is_empty() { "~".to_owned() } else { format!("{last}~") };
        // The sites that are seen come after the four values before them.
        let mut values = vec![String::new(); 4];
        let seen = self.sight.condition("site", &mut values).unwrap_or_else(|| "TRUE".to_owned());
        let statement = format!(
            "SELECT {COLUMNS} FROM orders WHERE {condition} AND {seen} AND id > $1 AND start_at >= $2 AND start_at <= $3
             ORDER BY id LIMIT $4"
        );
        let mut query =
            sqlx::query(sqlx::AssertSqlSafe(statement)).bind(after).bind(first).bind(last).bind(PAGE);
        for site in values.into_iter().skip(4) {
            query = query.bind(site);
        }
        let rows = query.fetch_all(self.inner.index.pool()).await?;
        rows.iter().map(ordered).collect()
    }

    /// An order that nobody has begun, held until the end of the transaction: a step that begins meanwhile begins after it.
    async fn scheduled(&self, connection: &mut AnyConnection, step_id: &str) -> Result<Ordered, StoreError> {
        let statement = format!("UPDATE orders SET step_id = step_id WHERE step_id = $1 RETURNING {COLUMNS}");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(statement)).bind(step_id).fetch_optional(connection).await?;
        let kept = row.as_ref().map(ordered).transpose()?.filter(|kept| self.sight.reaches(&kept.site));
        let kept = kept.ok_or(StoreError::Missing("order"))?;
        match kept.state {
            OrderState::Scheduled => Ok(kept),
            OrderState::Cancelled => Err(StoreError::Refused("the order was cancelled")),
            _ => Err(StoreError::Refused("a performed procedure step has begun")),
        }
    }
}

fn step_taken() -> StoreError {
    StoreError::Taken("another order has the ID of this procedure step")
}

/// An ID for the step of the order of this number: somebody may have named another one as it would be.
async fn free_step_id(connection: &mut AnyConnection, id: i64) -> Result<String, StoreError> {
    let mut step_id = format!("P{id}");
    let mut more = 0;
    while is_others(connection, id, ("step_id", &step_id)).await? {
        more += 1;
        step_id = format!("P{id}-{more}");
    }
    Ok(step_id)
}

/// The Accession Number of an order of this number and site: the one that it says, unless that is another patient's there, else one that no other order
/// has. Whoever was registered for somebody else by mistake is cancelled, and the number goes to whom it is meant for.
async fn accession(
    connection: &mut AnyConnection,
    (id, site): (i64, &str),
    order: &Order,
) -> Result<String, StoreError> {
    if order.accession.is_empty() {
        // Its day and its own number, in at most 16 letters, or a later number where somebody has written that one by hand.
        let mut number = id;
        loop {
            let accession = format!("{}{number:04}", order.date);
            if !is_others(connection, id, ("accession", &accession)).await? {
                return Ok(accession);
            }
            number += 1;
        }
    }
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT item FROM orders WHERE accession = $1 AND id <> $2 AND site = $3 AND state <> 'cancelled'",
    )
    .bind(order.accession.as_str())
    .bind(id)
    .bind(site)
    .fetch_all(connection)
    .await?;
    if others.iter().any(|item| Order::of_item(&json::of_text(item)).patient_id != order.patient_id) {
        return Err(StoreError::Taken("another patient's order has this accession number"));
    }
    Ok(order.accession.clone())
}

/// Whether another order than the one of this number has this text in a column.
async fn is_others(
    connection: &mut AnyConnection,
    id: i64,
    (column, text): (&'static str, &str),
) -> Result<bool, StoreError> {
    // Its text is made of the words of this file alone.
    let statement = format!("SELECT id FROM orders WHERE {column} = $1 AND id <> $2 LIMIT 1");
    let statement = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(statement)).bind(text).bind(id);
    let found = statement.fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// Writes what an order says, which nobody has begun.
async fn write(connection: &mut AnyConnection, id: i64, order: Order) -> Result<Ordered, StoreError> {
    let start = format!("{}{}", order.date, order.time);
    let item = order.item();
    let done = sqlx::query(
        "UPDATE orders SET step_id = $2, study_uid = $3, accession = $4, start_at = $5, item = $6 WHERE id = $1
         RETURNING workitem_uid, site",
    )
    .bind(id)
    .bind(order.step_id.as_str())
    .bind(order.study_uid.as_str())
    .bind(order.accession.as_str())
    .bind(start.as_str())
    .bind(json::text(&item))
    .fetch_one(connection)
    .await;
    let row = match done {
        // A program of an earlier version on the same database has named a step so meanwhile.
        Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
            return Err(step_taken());
        }
        done => done?,
    };
    let Order { step_id, study_uid, .. } = order;
    let state = OrderState::Scheduled;
    let (workitem_uid, site) = (row.try_get("workitem_uid")?, row.try_get("site")?);
    Ok(Ordered { id, state, step_id, study_uid, workitem_uid, site, start, item: with_status(item, state) })
}

pub(crate) const COLUMNS: &str = "id, state, step_id, study_uid, workitem_uid, site, start_at, item";

pub(crate) fn ordered(row: &sqlx::any::AnyRow) -> Result<Ordered, StoreError> {
    let (state, item): (String, String) = (row.try_get("state")?, row.try_get("item")?);
    let state = OrderState::of(&state).ok_or(StoreError::Missing("state of an order"))?;
    Ok(Ordered {
        id: row.try_get("id")?,
        state,
        step_id: row.try_get("step_id")?,
        study_uid: row.try_get("study_uid")?,
        workitem_uid: row.try_get("workitem_uid")?,
        site: row.try_get("site")?,
        start: row.try_get("start_at")?,
        item: with_status(json::of_text(&item), state),
    })
}

/// With the status of the step, as it is now.
fn with_status(mut item: DicomJson, state: OrderState) -> DicomJson {
    if let Some(step) = step_of(&mut item) {
        json::put(step, STATUS, vec![state.word().to_uppercase().into()]);
    }
    item
}

fn without_status(mut item: DicomJson) -> DicomJson {
    if let Some(step) = step_of(&mut item) {
        step.remove(&json::key(STATUS));
    }
    item
}

fn step_of(item: &mut DicomJson) -> Option<&mut DicomJson> {
    item.get_mut(&json::key(STEPS))?.get_mut("Value")?.get_mut(0)?.as_object_mut()
}

/// A UID that nobody else has (PS3.5 §B.2): a random number.
#[must_use]
pub fn new_uid() -> String {
    format!("2.25.{}", uuid::Uuid::new_v4().as_u128())
}

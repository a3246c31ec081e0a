//! What shall be examined, as a page registers it: the orders of a day, new ones, and what is said otherwise of one that no machine has begun.
//!
//! It stands beside DICOMweb as [`identity`](crate::identity) does. Modalities see the same orders on their worklist, and programs as workitems.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use peony_dicom::Tag;
use peony_store::{
    DicomJson, Order, OrderChange, OrderList, OrderState, Ordered, Store, StoreError, search_line,
};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::Blind;
use crate::answer::{Asked, At, by_hand};
use crate::problem::Problem;

/// Orders of one answer.
const LISTED: u32 = 100;
/// An order is sixteen short texts.
const BODY_BYTES: usize = 16 << 10;
/// Scheduled Procedure Step Start Date, by which orders are listed.
const DATE: Tag = Tag(0x0040, 0x0002);

/// The routes, to be mounted below a path; a request may carry a [`Caller`](crate::Caller).
///
/// | | | |
/// |---|---|---|
/// | `GET /` | `day`, `state`, `after` | [`ListedOrders`]: of that day, in that state, from the first to the last |
/// | `POST /` | `{"order", "site"?}` | takes an [`Order`], with a number where it says none; gives the [`ListedOrder`] |
/// | `POST /{step_id}/change` | [`OrderChange`] | says something otherwise of one that nobody has begun; gives it as it is then |
/// | `POST /{step_id}/cancel` | | takes one that nobody has begun off the worklist; gives it as it is then |
pub fn orders(store: Store) -> Router {
    let routes = Router::new()
        .route("/", get(list).post(add))
        .route("/{step_id}/change", post(change))
        .route("/{step_id}/cancel", post(cancel))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    by_hand(routes).with_state(Blind::of(store, 1))
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichOrders {
    /// The day on which they begin, YYYYMMDD; every day where none is said.
    day: Option<String>,
    /// How they stand; however, where nothing is said.
    state: Option<OrderState>,
    /// Those that come after: `next` of the answer before.
    after: Option<String>,
}

/// Orders from the first to the last.
#[derive(Serialize, ToSchema)]
struct ListedOrders {
    orders: Vec<ListedOrder>,
    /// What `after` asks for the following ones; `null` where these are the last.
    #[schema(required)]
    next: Option<String>,
}

/// An order that is kept. It has no debug form: it says who is examined.
#[derive(Serialize, ToSchema)]
struct ListedOrder {
    state: OrderState,
    /// The site that it is of, empty for none.
    site: String,
    /// What it says, with what it was given.
    order: Order,
}

impl From<Ordered> for ListedOrder {
    fn from(kept: Ordered) -> Self {
        Self { order: kept.order(), state: kept.state, site: kept.site }
    }
}

/// A new order. It has no debug form: it says who is examined.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    /// What it says: who, and the day; the rest may be left out.
    #[serde(deserialize_with = "by_names")]
    order: Order,
    /// The site that it is of; that of the account where none is said. An account of no site says one where there are several.
    #[serde(default)]
    site: String,
}

/// An object. A list would be taken for its values in the order of the fields: nothing is said without its name.
fn by_names<'de, D: Deserializer<'de>, T: DeserializeOwned>(said: D) -> Result<T, D::Error> {
    named(DicomJson::deserialize(said)?).map_err(D::Error::custom)
}

fn named<T: DeserializeOwned>(object: DicomJson) -> Result<T, serde_json::Error> {
    serde_json::from_value(Value::Object(object))
}

#[derive(OpenApi)]
#[openapi(paths(list, add, change, cancel))]
struct Description;

/// The description of these routes where `peony serve` mounts them, under `/api/orders`.
#[must_use]
pub fn orders_openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The orders of a day, from the first to the last, at most 100 at a time; that somebody listed orders is in the audit once in an hour.
#[utoipa::path(get, path = "/api/orders", params(WhichOrders), responses(
    (status = 200, body = ListedOrders),
    (status = 400, description = "`day`, `state` or `after` is none, or something else is asked by"),
))]
async fn list(
    Asked { store, who }: Asked,
    which: Result<Query<WhichOrders>, QueryRejection>,
) -> Result<Json<ListedOrders>, Problem> {
    let Ok(Query(WhichOrders { day, state, after })) = which else {
        return Err(Problem::BadRequest(
            "day, state and after are asked by, each once; state is scheduled, started, completed, discontinued or cancelled"
                .into(),
        ));
    };
    let day = day.unwrap_or_default();
    let is_day = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    if !day.is_empty() && !is_day {
        return Err(Problem::BadRequest("day is YYYYMMDD".into()));
    }
    let after = after.as_deref().map(place_of).transpose()?;
    let mut found = store.list_orders(OrderList { day: &day, state, after }, LISTED + 1).await?;
    // One more than is listed tells whether there is more.
    let more = found.len() > LISTED as usize;
    found.truncate(LISTED as usize);
    let next = found.last().filter(|_| more).map(|last| format!("{}-{}", last.start, last.id));
    store.note(&who, "search", &search_line("orders", (!day.is_empty()).then_some(DATE))).await?;
    Ok(Json(ListedOrders { orders: found.into_iter().map(ListedOrder::from).collect(), next }))
}

/// Start and number of the order after which others come.
fn place_of(after: &str) -> Result<(&str, i64), Problem> {
    let place = after.split_once('-').and_then(|(start, id)| Some((start, id.parse().ok()?)));
    place.ok_or_else(|| Problem::BadRequest("after is what an answer said as next".into()))
}

/// Take an order, which is on the worklist then. Without an accession number it gets one; the same order again, by the ID of its step, is no other one.
#[utoipa::path(post, path = "/api/orders", request_body = NewOrder, responses(
    (status = 201, body = ListedOrder),
    (status = 400, description = "a text is missing or has another form: by the names of the fields, in one line; or the site is missing"),
    (status = 404, description = "there is no such site"),
    (status = 409, description = "another order has the ID of its step, or another patient's its accession number"),
))]
async fn add(
    Asked { store, who }: Asked,
    body: Result<Json<DicomJson>, JsonRejection>,
) -> Result<(StatusCode, Json<ListedOrder>), Problem> {
    // What the parser would say may hold what is known of a patient.
    let said = body.ok().and_then(|Json(said)| named(said).ok());
    let Some(NewOrder { order, site }) = said else {
        let said = "it is not {\"order\", \"site\"?}, with an object of texts under the names that `peony order --help` lists";
        return Err(Problem::BadRequest(said.into()));
    };
    let kept = store.register_order(&order, &site, &who).await?;
    Ok((StatusCode::CREATED, Json(kept.into())))
}

fn closed(error: StoreError) -> Problem {
    match error {
        StoreError::Refused(why) => Problem::OrderClosed(why),
        other => other.into(),
    }
}

/// Say something otherwise of an order that no machine has begun; what is left out stays.
#[utoipa::path(post, path = "/api/orders/{step_id}/change", params(("step_id" = String, Path, description = "the ID of its scheduled procedure step")),
    request_body = OrderChange, responses(
    (status = 200, body = ListedOrder),
    (status = 400, description = "a text is missing or has another form: by the names of the fields, in one line"),
    (status = 404, description = "there is no such order"),
    (status = 409, description = "a machine has begun it, it was cancelled, or another patient's order has the accession number"),
))]
async fn change(
    Asked { store, who }: Asked,
    At(step_id): At<String>,
    body: Result<Json<DicomJson>, JsonRejection>,
) -> Result<Json<ListedOrder>, Problem> {
    let said = body.ok().and_then(|Json(said)| named::<OrderChange>(said).ok());
    let Some(said) = said else {
        let said = "it is no object of texts under the names that `peony order change --help` lists";
        return Err(Problem::BadRequest(said.into()));
    };
    let changed = store.change_order(&step_id, |order| said.apply(order), &who).await.map_err(closed)?;
    Ok(Json(changed.into()))
}

/// Take an order that no machine has begun off the worklist.
#[utoipa::path(post, path = "/api/orders/{step_id}/cancel", params(("step_id" = String, Path, description = "the ID of its scheduled procedure step")), responses(
    (status = 200, body = ListedOrder),
    (status = 404, description = "there is no such order"),
    (status = 409, description = "a machine has begun it, or it was cancelled already"),
))]
async fn cancel(Asked { store, who }: Asked, At(step_id): At<String>) -> Result<Json<ListedOrder>, Problem> {
    Ok(Json(store.cancel_order(&step_id, &who).await.map_err(closed)?.into()))
}

//! The live page.
pub mod wire;

use utoipa::OpenApi as _;

/// The description.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(wire::ServerMessage, wire::LiveUpdate, wire::LightName, wire::Drawn, wire::Command, wire::Health, wire::Problem)))]
struct Description;

/// The description of every route and message.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

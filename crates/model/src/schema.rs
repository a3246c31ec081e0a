//! Descriptions of types that are written as a short text, for an HTTP API.

/// The derive describes a type's parts; these have none on the wire. The trait is hidden in `utoipa`, but the only one from
/// which lists and options of a type get their description.
macro_rules! written_as_text {
    ($name:ty) => {
        impl utoipa::__dev::ComposeSchema for $name {
            fn compose(
                generics: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
            ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <String as utoipa::__dev::ComposeSchema>::compose(generics)
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use written_as_text;

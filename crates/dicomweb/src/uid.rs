//! UIDs of a path: what is none is refused before it is looked for.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
pub(crate) use peony_dicom::is_uid;
use peony_store::{Kept, Store, Which};

use crate::problem::Problem;

/// The study, series and instance of a path, as far as it has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Address {
    pub study: Option<String>,
    pub series: Option<String>,
    pub instance: Option<String>,
}

impl Address {
    /// What is kept there, at least one instance.
    pub async fn kept(&self, store: &Store) -> Result<Vec<Kept>, Problem> {
        let which = Which {
            study_uid: self.study.as_deref(),
            series_uid: self.series.as_deref(),
            instance_uid: self.instance.as_deref(),
        };
        let kept = store.instances(which).await?;
        if kept.is_empty() {
            let what = match self {
                Self { instance: Some(_), .. } => "instance",
                Self { series: Some(_), .. } => "series",
                _ => "study",
            };
            return Err(Problem::Missing(what));
        }
        Ok(kept)
    }

    /// The one instance that is kept there.
    pub async fn instance(&self, store: &Store) -> Result<Kept, Problem> {
        self.kept(store).await?.into_iter().next().ok_or(Problem::Missing("instance"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::BadRequest("the path is not UTF-8".into()))?;
        let mut address = Self::default();
        for (name, value) in &params {
            let place = match name {
                "study" => &mut address.study,
                "series" => &mut address.series,
                "instance" => &mut address.instance,
                _ => continue,
            };
            if !is_uid(value) {
                return Err(Problem::BadRequest(format!("the {name} of the path is no UID")));
            }
            *place = Some(value.to_owned());
        }
        Ok(address)
    }
}

//! Who asks, as the server that routes requests here knows it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use peony_examination::{Author, Examination};

/// Who asks: an extension of the request. Without one it is whoever sits at this machine, who sees everything and says who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their account, with the name that they act and sign with; `None`: as the page says.
    pub author: Option<Author>,
    /// They may sign reports.
    pub may_sign: bool,
    /// The sites whose examinations they see, an empty name for those of none; `None`: all.
    pub sites: Option<Vec<String>>,
    /// The site of what they begin; empty for none.
    pub home: String,
}

impl Default for Person {
    fn default() -> Self {
        Self { author: None, may_sign: true, sites: None, home: String::new() }
    }
}

impl Person {
    /// Whether they see what is of this site.
    pub(crate) fn sees_site(&self, site: &str) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.iter().any(|one| one == site))
    }

    /// Whether an examination is theirs that this account began; without one nobody knows who did.
    pub(crate) fn began(&self, account: Option<&str>) -> bool {
        let own = self.author.as_ref().and_then(|author| author.account.as_deref());
        account.is_none_or(|account| own == Some(account))
    }

    /// Whether they see an examination.
    pub(crate) fn sees(&self, examination: &Examination) -> bool {
        self.sites.is_none() || self.sees_site(&examination.site())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

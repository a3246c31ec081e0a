//! Who may come to `peony serve`: whoever sits at this machine (`--open`), or those who have an account.

use anyhow::{Result, bail};
use axum::Router;
use axum::http::Extensions;
use peony_access::{Access, Caller, Permit};
use peony_examination::Author;
use peony_web::Person;

use super::kept::Kept;
use crate::cli::ServeArgs;

/// What stands before every route.
pub type Gate = Box<dyn FnOnce(Router) -> Router + Send>;

/// The gate before the pages and all beside them, over TLS or not; none where whoever sits at this machine may do everything.
///
/// # Errors
/// Where nobody could come: there is no account, and `--open` was not said.
pub fn gate(args: &ServeArgs, kept: &Kept, tls: bool) -> Result<Option<Gate>> {
    if args.open {
        return Ok(None);
    }
    if !kept.block_on(kept.store.has_accounts())? {
        let data = args.store.data.display();
        bail!(
            "there are no accounts: `peony account add NAME --role administrator --data {data}` makes the first; or say --open to \
             serve this machine without them"
        );
    }
    let access = Access::new(kept.store.clone(), kept.handle().clone(), tls, introduce)?;
    Ok(Some(Box::new(move |all| access.around(all))))
}

/// Says who asks to the pages and to DICOMweb, each in its own words.
fn introduce(caller: &Caller, extensions: &mut Extensions) {
    let (account, sight) = (&caller.account, caller.account.sight());
    extensions.insert(Person {
        author: Some(Author { name: account.display.clone(), account: Some(account.name.clone()) }),
        may_sign: caller.may(Permit::Sign),
        sites: sight.sites().map(<[String]>::to_vec),
        home: sight.home().to_owned(),
    });
    extensions.insert(peony_dicomweb::Caller { name: account.name.clone(), tls: caller.tls, sight });
}

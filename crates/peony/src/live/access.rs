//! Who may come to `peony serve`: whoever sits at this machine (`--open`), or those who have an account.

use anyhow::{Result, bail};
use axum::http::Extensions;
use peony_access::{Access, Caller, Permit};
use peony_web::{Beside, Person};

use super::kept::Kept;
use crate::cli::ServeArgs;

/// The pages' neighbours, behind a gate where there are accounts.
///
/// # Errors
/// Where nobody could come: there is no account, and `--open` was not said.
pub fn beside(args: &ServeArgs, kept: &Kept) -> Result<Beside> {
    let routes = kept.dicomweb();
    if args.open {
        return Ok(routes.into());
    }
    if !kept.block_on(kept.store.has_accounts())? {
        let data = args.store.data.display();
        bail!(
            "there are no accounts: `peony account add NAME --role administrator --data {data}` makes the first; or say --open to \
             serve this machine without them"
        );
    }
    let access = Access::new(kept.store.clone(), kept.handle().clone(), false, introduce)?;
    Ok(Beside { routes, gate: Some(Box::new(move |all| access.around(all))) })
}

/// Says who asks to the pages and to DICOMweb, each in its own words.
fn introduce(caller: &Caller, extensions: &mut Extensions) {
    let (account, sight) = (&caller.account, caller.account.sight());
    extensions.insert(Person {
        name: Some(account.display.clone()),
        may_sign: caller.may(Permit::Sign),
        sites: sight.sites().map(<[String]>::to_vec),
        home: sight.home().to_owned(),
    });
    extensions.insert(peony_dicomweb::Caller { name: account.name.clone(), tls: caller.tls, sight });
}

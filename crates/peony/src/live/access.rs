//! Who may come to `peony serve`: whoever sits at this machine (`--open`), or those who have an account.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use axum::Router;
use axum::http::Extensions;
use peony_access::{Access, Again, Caller, ClientSecret, OidcSettings, Permit};
use peony_dicomweb::AT_THIS_MACHINE;
use peony_examination::Author;
use peony_node::queue::Rights;
use peony_store::{FetchJob, Store};
use peony_web::{Person, Stay};

use super::kept::Kept;
use crate::cli::{OidcArgs, ServeArgs};

/// What stands before routes.
pub type Gate = Box<dyn FnOnce(Router) -> Router + Send>;

/// The gate before the pages and all beside them, over TLS or not; none where whoever sits at this machine may do everything.
///
/// # Errors
/// Where nobody could come: there is no account, and `--open` was not said. Where a site is named that is not there.
pub fn gate(args: &ServeArgs, oidc: Option<OidcSettings>, kept: &Kept, tls: bool) -> Result<Option<Gate>> {
    if args.open {
        if oidc.is_some() {
            tracing::warn!(
                "a provider of OpenID Connect is configured, and with --open nobody is asked to sign in"
            );
        }
        return Ok(None);
    }
    if !kept.block_on(kept.store.has_accounts())? {
        let data = args.store.data.display();
        bail!(
            "there are no accounts: `peony account add NAME --role administrator --data {data}` makes the first; or say --open to \
             serve this machine without them"
        );
    }
    if let Some(oidc) = &oidc {
        let known = kept.block_on(kept.store.sites())?;
        if let Some(site) = oidc.sites().find(|site| known.iter().all(|known| known.name != *site)) {
            bail!("oidc.roles (--oidc-role): there is no site {site}: `peony site add` makes it");
        }
    }
    let access = Access::new(kept.store.clone(), kept.handle().clone(), tls, oidc, introduce)?;
    Ok(Some(Box::new(move |all| access.around(all))))
}

/// What writes down whom the pages refuse, with accounts and without: another site's page, for one.
pub fn noted(kept: &Kept) -> Gate {
    let (store, runtime) = (kept.store.clone(), kept.handle().clone());
    Box::new(move |all| peony_access::noted(all, store, runtime))
}

/// What an account may see of what it had fetched, as long as it may have anything fetched; what was asked for by hand at this machine, or before it was
/// written down by whom, is as it was.
pub fn rights(store: Store) -> Rights {
    Arc::new(move |FetchJob { who, sight, .. }| {
        let store = store.clone();
        Box::pin(async move {
            if who.is_empty() || who == AT_THIS_MACHINE {
                return Ok(Some(sight));
            }
            let account = store.account_to_sign_in(&who).await?.map(|(account, _)| account);
            let now = account.filter(|account| Permit::Send.is_of(&account.roles));
            Ok(now.map(|account| account.sight()).filter(|now| now.reaches(sight.home())))
        })
    })
}

/// Says who asks to the pages and to DICOMweb, each in its own words.
fn introduce(caller: &Caller, again: Again, extensions: &mut Extensions) {
    let (account, sight) = (&caller.account, caller.account.sight());
    extensions.insert(Person {
        author: Some(Author { name: account.display.clone(), account: Some(account.name.clone()) }),
        may_sign: caller.may(Permit::Sign),
        sites: sight.sites().map(<[String]>::to_vec),
        home: sight.home().to_owned(),
    });
    extensions.insert(Stay::while_true(move |is_used| {
        let again = again.clone();
        Box::pin(async move { again.is_the_same(is_used).await })
    }));
    extensions.insert(peony_dicomweb::Caller { name: account.name.clone(), tls: caller.tls, sight });
}

/// The provider of OpenID Connect, if there is one.
///
/// # Errors
/// Every fault, a line each.
pub fn oidc(args: &OidcArgs) -> Result<Option<OidcSettings>, Vec<String>> {
    let mut faults = Vec::new();
    let mut fault =
        |key: &str, flag: &str, why: &str| faults.push(format!("oidc.{key} (--oidc-{flag}): {why}"));
    let Some(issuer) = args.oidc_issuer.clone() else {
        if args.oidc_client_id.is_some() || args.oidc_public_url.is_some() || args.oidc_newcomers {
            fault("issuer", "issuer", "it is missing: nobody can sign in at a provider that is not named");
            return Err(faults);
        }
        return Ok(None);
    };
    if args.oidc_client_id.is_none() {
        fault("client_id", "client-id", "it is missing: what this server is called at the provider");
    }
    match &args.oidc_public_url {
        None => fault("public_url", "public-url", "it is missing: where the provider sends browsers back to"),
        Some(url) if !url.is_a_whole_server() => {
            fault("public_url", "public-url", "it ends with the server's name and port");
        }
        Some(_) => {}
    }
    match (&args.oidc_role_claim, args.oidc_role.is_empty()) {
        (Some(_), true) => {
            fault("role_claim", "role-claim", "no rule (oidc.roles) says what its values mean")
        }
        (None, false) => fault("roles", "role", "oidc.role_claim does not say which claim they are about"),
        _ => {}
    }
    if args.oidc_newcomers && args.oidc_role.is_empty() && args.oidc_usual_role.is_none() {
        fault("newcomers", "newcomers", "neither oidc.roles nor oidc.usual_role says what they are");
    }
    let client_secret = match secret(args) {
        Ok(secret) => secret,
        Err(why) => {
            fault("client_secret_file", "client-secret-file", &why);
            None
        }
    };
    match (&args.oidc_client_id, &args.oidc_public_url) {
        (Some(client_id), Some(public_url)) if faults.is_empty() => Ok(Some(OidcSettings {
            issuer,
            client_id: client_id.clone(),
            client_secret,
            public_url: public_url.clone(),
            label: args.oidc_label.clone(),
            scopes: args.oidc_scope.clone(),
            role_claim: args.oidc_role_claim.clone(),
            rules: args.oidc_role.clone(),
            usual: args.oidc_usual_role.clone(),
            newcomers: args.oidc_newcomers,
            session: Duration::from_secs(60 * 60 * args.oidc_session_hours),
        })),
        _ => Err(faults),
    }
}

fn secret(args: &OidcArgs) -> Result<Option<ClientSecret>, String> {
    let Some(path) = &args.oidc_client_secret_file else { return Ok(args.client_secret.clone()) };
    if args.client_secret.is_some() {
        return Err("PEONY_OIDC_CLIENT_SECRET holds the secret as well".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{}: it is empty", path.display())),
        secret => Ok(Some(ClientSecret::new(secret.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use peony_store::{Fetching, NewAccount, Options, Role};

    use super::*;

    /// What was fetched for them is brought with what they may see when its turn comes.
    #[tokio::test]
    async fn an_account_has_something_fetched_as_long_as_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { keep_free: 0, ..Options::in_folder(folder.path()) };
        let store = Store::open(&options).await.unwrap();
        let sites = ["east", "west"].map(str::to_owned);
        for site in &sites {
            store.add_site(site, "a test").await.unwrap();
        }
        let roles = vec![Role::Sonographer];
        let new =
            NewAccount { name: "li".into(), roles, sites: sites[..1].to_vec(), ..NewAccount::default() };
        let at_first = store.add_account(&new, "a test").await.unwrap().sight();
        let fetching = Fetching { from: "WARD".into(), study_uid: "1.2".into(), series_uid: None };
        let job = FetchJob { fetching, who: "li".into(), sight: at_first.clone() };
        let now = async |job: &FetchJob| rights(store.clone())(job.clone()).await.unwrap();
        let change = async |role: Role, sites: &[String]| {
            store.change_account("li", "Li", &[role], sites, "a test").await.unwrap().sight()
        };
        assert_eq!(now(&job).await, Some(at_first));
        let both = change(Role::Radiologist, &sites).await;
        assert_eq!(now(&job).await, Some(both));
        change(Role::Radiologist, &sites[1..]).await;
        assert_eq!(now(&job).await, None, "it is of another site now");
        change(Role::Researcher, &sites[..1]).await;
        assert_eq!(now(&job).await, None, "its role may not");
        change(Role::Sonographer, &sites[..1]).await;
        assert!(now(&job).await.is_some());
        store.disable_account("li", true, "a test").await.unwrap();
        assert_eq!(now(&job).await, None, "it is disabled");
        for who in ["", AT_THIS_MACHINE] {
            let job = FetchJob { who: who.into(), ..job.clone() };
            assert_eq!(now(&job).await, Some(job.sight.clone()), "{who:?} has no account");
        }
        let gone = FetchJob { who: "nobody".into(), ..job };
        assert_eq!(now(&gone).await, None);
    }
}

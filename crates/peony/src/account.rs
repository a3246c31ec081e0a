//! `peony account` and `peony site`: who may sign in, and which institutions there are.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use peony_access::Secret;
use peony_store::{Account, NewAccount, Role, Store, StoreError};
use serde_json::json;

use crate::cli::{
    AccountAddArgs, AccountArgs, AccountCommand, AccountListArgs, AccountOfArgs, AccountTokenArgs,
    SiteAddArgs, SiteArgs, SiteCommand,
};
use crate::exit::Outcome;
use crate::storage;

/// Who changes accounts, in the audit.
const WHO: &str = "command line";

/// Does what is asked with accounts.
///
/// # Errors
/// Where the store cannot be had, or something is refused.
pub fn run(args: &AccountArgs) -> Result<Outcome> {
    match &args.what {
        AccountCommand::Add(args) => {
            let password = if args.identity.is_empty() { hashed(&args.name)? } else { String::new() };
            storage::block_on(add(args, password))
        }
        AccountCommand::List(args) => storage::block_on(list(args)),
        AccountCommand::Password(args) => {
            let password = hashed(&args.name)?;
            storage::block_on(change(args, async |store, name| {
                store.set_password(name, &password, WHO).await
            }))
        }
        AccountCommand::Disable(args) => {
            storage::block_on(change(args, async |store, name| store.disable_account(name, true, WHO).await))
        }
        AccountCommand::Enable(args) => {
            storage::block_on(change(args, async |store, name| store.disable_account(name, false, WHO).await))
        }
        AccountCommand::Token(args) => storage::block_on(token(args)),
    }
}

/// Does what is asked with sites.
///
/// # Errors
/// Where the store cannot be had, or something is refused.
pub fn site(args: &SiteArgs) -> Result<Outcome> {
    match &args.what {
        SiteCommand::Add(args) => storage::block_on(add_site(args)),
        SiteCommand::List(args) => storage::block_on(list_sites(args)),
    }
}

async fn add(args: &AccountAddArgs, password: String) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    let known = store.sites().await?;
    let sites = match (&args.site[..], &known[..]) {
        ([], [only]) => vec![only.name.clone()],
        ([], _) => Vec::new(),
        (said, _) => said.to_vec(),
    };
    if sites.is_empty() && !known.is_empty() && !args.role.contains(&Role::Administrator) {
        let names: Vec<&str> = known.iter().map(|site| site.name.as_str()).collect();
        bail!("--site: there are several, and only an administrator is of none: {}", names.join(", "));
    }
    let new = NewAccount {
        name: args.name.clone(),
        display: args.display.clone(),
        roles: args.role.clone(),
        sites,
        password,
        identity: <[String; 2]>::try_from(args.identity.clone()).unwrap_or_default(),
    };
    let made = store.add_account(&new, WHO).await?;
    store.close().await;
    say(&made, false)?;
    Ok(Outcome::Done)
}

async fn list(args: &AccountListArgs) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    for account in store.accounts().await? {
        say(&account, args.json)?;
    }
    store.close().await;
    Ok(Outcome::Done)
}

async fn change(
    args: &AccountOfArgs,
    work: impl AsyncFnOnce(&Store, &str) -> Result<(), StoreError>,
) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    work(&store, &args.name).await.with_context(|| args.name.clone())?;
    store.close().await;
    Ok(Outcome::Done)
}

async fn token(args: &AccountTokenArgs) -> Result<Outcome> {
    let store = storage::open_index(&args.of.store).await?;
    let secret = Secret::token()?;
    let lasting = args.days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let made = store.add_token(&args.of.name, &args.label, &secret.digest(), lasting, WHO).await;
    made.with_context(|| args.of.name.clone())?;
    store.close().await;
    writeln!(std::io::stdout(), "{}", secret.text())?;
    Ok(Outcome::Done)
}

async fn add_site(args: &SiteAddArgs) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    let is_there = store.sites().await?.iter().any(|site| site.name == args.name);
    if !is_there || args.sender.is_empty() {
        store.add_site(&args.name, WHO).await?;
    }
    for sender in &args.sender {
        store.set_sender(&args.name, sender.as_str(), WHO).await?;
    }
    store.close().await;
    Ok(Outcome::Done)
}

async fn list_sites(args: &AccountListArgs) -> Result<Outcome> {
    let store = storage::open_index(&args.store).await?;
    let mut out = std::io::stdout();
    for site in store.sites().await? {
        if args.json {
            writeln!(out, "{}", json!({ "name": site.name, "senders": site.senders }))?;
        } else {
            writeln!(out, "{:<24} {}", site.name, site.senders.join(", "))?;
        }
    }
    store.close().await;
    Ok(Outcome::Done)
}

/// One account in a line.
fn say(account: &Account, as_json: bool) -> std::io::Result<()> {
    let roles: Vec<&str> = account.roles.iter().map(|role| role.word()).collect();
    let Account { name, display, sites, disabled_at_ms, issuer, .. } = account;
    let disabled = *disabled_at_ms != 0;
    let mut out = std::io::stdout();
    if as_json {
        let line = json!({
            "name": name, "display": display, "roles": roles, "sites": sites, "disabled": disabled, "provider": issuer,
        });
        writeln!(out, "{line}")
    } else {
        let state = if disabled { "disabled" } else { "" };
        writeln!(out, "{name:<20} {:<26} {:<20} {display} {state} {issuer}", roles.join(","), sites.join(","))
    }
}

/// The hash of a password that is asked for, twice at a terminal, where nobody sees what is typed.
fn hashed(name: &str) -> Result<String> {
    let password = if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("Password of {name}: "))?;
        if rpassword::prompt_password("Once more: ")? != password {
            bail!("the passwords differ");
        }
        password
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    Ok(peony_access::hash(name, &password)?)
}

//! What `peony account` and `peony site` take.

use clap::{Args, Subcommand};
use peony_node::AeTitle;
use peony_store::Role;

use super::StoreArgs;

/// `peony account`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: AccountCommand,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; its password is asked for, unless a provider says who its owner is.
    Add(AccountAddArgs),
    /// All accounts.
    List(AccountListArgs),
    /// Give an account another password; its sessions end.
    Password(AccountOfArgs),
    /// Let an account sign in no more; its sessions end and its tokens open nothing.
    Disable(AccountOfArgs),
    /// Let it sign in again.
    Enable(AccountOfArgs),
    /// Make a token for a program; it is said once and may what the account may.
    Token(AccountTokenArgs),
}

/// `peony account add`.
#[derive(Debug, Args)]
pub struct AccountAddArgs {
    /// What its owner signs in with.
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// What they are: sonographer, radiologist, coordinator, researcher, teacher, administrator; several with commas between.
    #[arg(long, value_name = "ROLE", required = true, value_delimiter = ',', value_parser = role)]
    pub role: Vec<Role>,
    /// The sites that they belong to, with commas between; what they begin is of the first. The one there is, where there is one.
    #[arg(long, value_name = "SITE", value_delimiter = ',')]
    pub site: Vec<String>,
    /// The name that reports are signed with; the account's unless it is said.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub display: String,
    /// Its owner signs in at a provider of OpenID Connect: its issuer, and the subject that they are there. No password is asked for.
    #[arg(long, num_args = 2, value_names = ["ISSUER", "SUBJECT"])]
    pub identity: Vec<String>,
}

/// `peony account list`, `peony site list`.
#[derive(Debug, Args)]
pub struct AccountListArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// One line of JSON each.
    #[arg(long)]
    pub json: bool,
}

/// An account, and where it is kept.
#[derive(Debug, Args)]
pub struct AccountOfArgs {
    /// The account.
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
}

/// `peony account token`.
#[derive(Debug, Args)]
pub struct AccountTokenArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub of: AccountOfArgs,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub label: String,
    /// How many days it lasts; until it is taken back unless this is said.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: Option<u32>,
}

/// `peony site`.
#[derive(Debug, Args)]
pub struct SiteArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: SiteCommand,
}

/// What can be done with sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Make a site, or say of one that is there which titles send its studies.
    Add(SiteAddArgs),
    /// All sites.
    List(AccountListArgs),
}

/// `peony site add`.
#[derive(Debug, Args)]
pub struct SiteAddArgs {
    /// Its name.
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: StoreArgs,
    /// Titles of application entities whose new studies are its own, with commas between.
    #[arg(long, value_name = "AET", value_delimiter = ',')]
    pub sender: Vec<AeTitle>,
}

/// What somebody is in the house.
fn role(text: &str) -> Result<Role, String> {
    text.trim().parse().map_err(|error: peony_store::StoreError| error.to_string())
}

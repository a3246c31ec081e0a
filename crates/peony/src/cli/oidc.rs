//! What `peony serve` takes for signing in at a provider of OpenID Connect.

use std::path::PathBuf;

use clap::Args;
use peony_access::{ClientSecret, Grant, RoleRule, WebAddress};

/// A provider at which people sign in as well.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "OpenID Connect")]
pub struct OidcArgs {
    /// People sign in at this provider of OpenID Connect as well: its issuer, letter by letter as it spells it. https, or this machine's own.
    #[arg(long, value_name = "URL")]
    pub oidc_issuer: Option<WebAddress>,
    /// What this server is called there.
    #[arg(long, value_name = "ID")]
    pub oidc_client_id: Option<String>,
    /// A file with the secret that it has there; or the variable PEONY_OIDC_CLIENT_SECRET holds the secret itself. Neither: PKCE alone.
    #[arg(long, value_name = "FILE")]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// This server as browsers see it, such as https://HOST:PORT; the provider sends them back to /api/oidc/callback there.
    #[arg(long, value_name = "URL")]
    pub oidc_public_url: Option<WebAddress>,
    /// What stands on the button of the sign-in page, instead of its own words.
    #[arg(long, value_name = "TEXT")]
    pub oidc_label: Option<String>,
    /// What the provider is asked for beside openid; may be given more than once.
    #[arg(long, value_name = "SCOPE", default_values = ["profile", "email"])]
    pub oidc_scope: Vec<String>,
    /// The claim that holds roles or groups, with dots between the names of nested ones. With it roles, and sites where a rule names one, are what
    /// the provider says at each sign-in.
    #[arg(long, value_name = "CLAIM")]
    pub oidc_role_claim: Option<String>,
    /// What a value of that claim means here: VALUE=ROLE or VALUE=ROLE@SITE. May be given more than once; all that fit count.
    #[arg(long, value_name = "RULE")]
    pub oidc_role: Vec<RoleRule>,
    /// The role, ROLE or ROLE@SITE, of those whom no rule fits; without it they are refused.
    #[arg(long, value_name = "ROLE")]
    pub oidc_usual_role: Option<Grant>,
    /// People without an account get one at their first sign-in; without it they are refused.
    #[arg(long)]
    pub oidc_newcomers: bool,
    /// How long a session of who signed in there lasts at most: then they sign in again, and their roles are asked for again.
    #[arg(long, default_value_t = 8, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(1..=14))]
    pub oidc_session_hours: u64,
    /// What the environment holds.
    #[arg(skip)]
    pub client_secret: Option<ClientSecret>,
}

//! Who the provider says has come back, and which account that is: found by issuer and subject, by nothing else.

use std::collections::BTreeMap;

use openidconnect::core::CoreGenderClaim;
use openidconnect::{IdTokenClaims, StandardClaims};
use peony_store::{Account, NewAccount, StoreError, account_name};
use serde_json::Value;

use super::provider::Further;
use super::{OidcSettings, Refusal};
use crate::Access;
use crate::problem::Problem;

/// Who changes accounts by what a provider says, in the audit.
const WHO: &str = "OpenID Connect";
/// So many groups of a person are looked at.
const MOST_VALUES: usize = 1000;
/// A name that is taken gets a number; so many are tried.
const MOST_NAMES: usize = 100;

/// Who has come back.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub subject: String,
    /// What they are called there, for the name of a new account.
    name: Option<String>,
    /// Their name as people write it.
    display: Option<String>,
    /// The values of the claim of roles; `None` where it is not there.
    values: Option<Vec<String>>,
}

impl Person {
    pub fn of(claims: &IdTokenClaims<Further, CoreGenderClaim>, role_claim: Option<&str>) -> Self {
        let mut person = Self { subject: claims.subject().as_str().to_owned(), ..Self::default() };
        person.take(
            [
                claims.preferred_username().map(|name| name.as_str()),
                claims.email().map(|email| email.as_str()),
            ],
            claims.name().and_then(|name| name.get(None)).map(|name| name.as_str()),
        );
        person.values = role_claim.and_then(|claim| values_at(&claims.additional_claims().all, claim));
        person
    }

    fn take(&mut self, names: [Option<&str>; 2], display: Option<&str>) {
        let written = |text: &&str| !text.trim().is_empty();
        let name = names.into_iter().flatten().find(written);
        self.name = self.name.take().or_else(|| name.map(str::to_owned));
        self.display = self.display.take().or_else(|| display.filter(written).map(str::to_owned));
    }

    /// Whether more should be asked.
    pub fn lacks_something(&self, roles: bool) -> bool {
        self.name.is_none() || self.display.is_none() || (roles && self.values.is_none())
    }

    /// What the provider says further.
    pub fn add(
        &mut self,
        claims: &StandardClaims<CoreGenderClaim>,
        all: &BTreeMap<String, Value>,
        role_claim: Option<&str>,
    ) {
        self.take(
            [
                claims.preferred_username().map(|name| name.as_str()),
                claims.email().map(|email| email.as_str()),
            ],
            claims.name().and_then(|name| name.get(None)).map(|name| name.as_str()),
        );
        self.values = self.values.take().or_else(|| values_at(all, role_claim?));
    }

    /// A name for a new account: what the provider calls them, as far as a name of an account may be that.
    fn account_name(&self) -> String {
        let name = account_name(self.name.as_deref().unwrap_or_default());
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '@');
        let name: String =
            name.chars().map(|letter| if fits(letter) { letter } else { '.' }).take(56).collect();
        if name.is_empty() { "person".to_owned() } else { name }
    }

    /// The name that they sign with.
    fn display(&self) -> String {
        let said = self.display.as_deref().or(self.name.as_deref()).unwrap_or_default();
        said.chars().filter(|letter| !letter.is_control()).take(128).collect()
    }
}

/// The values of a claim, which is one text or a list of them; one that nobody has so is looked for from dot to dot.
fn values_at(claims: &BTreeMap<String, Value>, claim: &str) -> Option<Vec<String>> {
    let nested = || {
        let mut names = claim.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |at, name| at.get(name))
    };
    Some(match claims.get(claim).or_else(nested)? {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => {
            all.iter().filter_map(Value::as_str).take(MOST_VALUES).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    })
}

impl Access {
    /// The account of who has come back, with the roles that the provider says.
    pub(super) async fn account_of(
        &self,
        settings: &OidcSettings,
        person: &Person,
    ) -> Result<Account, Refused> {
        let known = self.identity(settings, person).await?;
        if let Some(account) = known.as_ref().filter(|account| account.disabled_at_ms != 0) {
            return Err(Refused { why: Refusal::Disabled, who: Some(account.name.clone()) });
        }
        let values = person.values.as_deref().unwrap_or_default();
        match known {
            // Without a claim an administrator says what somebody is.
            Some(account) if settings.role_claim.is_none() => Ok(account),
            Some(account) => match settings.granted(values) {
                Some(granted) => self.follow(settings, account, granted).await.map_err(Refused::from),
                None => {
                    self.turn_out(settings, &account).await?;
                    Err(Refused { why: Refusal::Role, who: Some(account.name) })
                }
            },
            None if !settings.newcomers => Err(Refusal::Unknown.into()),
            None => match settings.granted(values) {
                Some(granted) => self.welcome(settings, person, granted).await.map_err(Refused::from),
                None => Err(Refusal::Role.into()),
            },
        }
    }

    async fn identity(&self, settings: &OidcSettings, person: &Person) -> Result<Option<Account>, Problem> {
        let (store, issuer, subject) =
            (self.inner.store.clone(), settings.issuer.to_string(), person.subject.clone());
        self.ask(async move { store.account_of_identity(&issuer, &subject).await }).await
    }

    /// Changes an account to what the provider says now.
    async fn follow(
        &self,
        settings: &OidcSettings,
        account: Account,
        granted: super::settings::Granted,
    ) -> Result<Account, Problem> {
        // Where no rule names a site an administrator says to which somebody belongs.
        let sites = if settings.sites().next().is_some() { granted.sites } else { account.sites.clone() };
        if account.roles == granted.roles && account.sites == sites {
            return Ok(account);
        }
        let (store, before) = (self.inner.store.clone(), account.clone());
        let changed = self.ask(async move {
            store.change_account(&before.name, &before.display, &granted.roles, &sites, WHO).await
        });
        match changed.await {
            Err(Problem::Conflict(why)) => {
                stay(why);
                Ok(account)
            }
            changed => changed,
        }
    }

    /// Takes from an account what it had by groups that its owner has lost; sessions that go on end, and tokens open nothing.
    async fn turn_out(&self, settings: &OidcSettings, account: &Account) -> Result<(), Problem> {
        let sites = if settings.sites().next().is_some() { Vec::new() } else { account.sites.clone() };
        let (store, name) = (self.inner.store.clone(), account.name.clone());
        match self.ask(async move { store.take_roles(&name, &sites, WHO).await }).await {
            Err(Problem::Conflict(why)) => {
                stay(why);
                Ok(())
            }
            done => done,
        }
    }

    /// Makes an account. Somebody else may have its name, and it may have been made in this moment.
    async fn welcome(
        &self,
        settings: &OidcSettings,
        person: &Person,
        granted: super::settings::Granted,
    ) -> Result<Account, Problem> {
        let store = self.inner.store.clone();
        let known = self.ask(async move { store.sites().await }).await?;
        let sites = match &known[..] {
            [only] if granted.sites.is_empty() => vec![only.name.clone()],
            _ => granted.sites,
        };
        let name = person.account_name();
        for number in 1..=MOST_NAMES {
            let new = NewAccount {
                name: if number == 1 { name.clone() } else { format!("{name}-{number}") },
                display: person.display(),
                roles: granted.roles.clone(),
                sites: sites.clone(),
                password: String::new(),
                identity: [settings.issuer.to_string(), person.subject.clone()],
            };
            let store = self.inner.store.clone();
            let made = self.ask(async move {
                match store.add_account(&new, WHO).await {
                    Ok(account) => Ok(Some(account)),
                    Err(StoreError::Refused(_)) => {
                        let [issuer, subject] = &new.identity;
                        store.account_of_identity(issuer, subject).await
                    }
                    Err(error) => Err(error),
                }
            });
            if let Some(account) = made.await? {
                return Ok(account);
            }
        }
        Err(Problem::Conflict("every name that the account could have is taken"))
    }
}

/// Somebody must be left who keeps accounts.
fn stay(why: &str) {
    tracing::warn!("OpenID Connect: the roles of an account stay as they are: {why}");
}

/// Why somebody is not let in, and who it was, if that is known.
#[derive(Debug)]
pub(super) struct Refused {
    pub why: Refusal,
    pub who: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Self {
        Self { why, who: None }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Store(error) => tracing::warn!("OpenID Connect: no account can be had: {error}"),
            problem => tracing::warn!("OpenID Connect: no account can be had: {problem}"),
        }
        Refusal::Failed.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_or_from_dot_to_dot() {
        let claims: BTreeMap<String, Value> = serde_json::from_value(json!({
            "groups": ["a", 1, "b"], "role": "a", "realm_access": {"roles": ["c"]}, "https://x.example/roles": ["d"],
            "a.b": ["whole"], "a": {"b": ["parts"]}, "odd": {"x": 1},
        }))
        .unwrap();
        for (claim, expected) in [
            ("groups", Some(vec!["a", "b"])),
            ("role", Some(vec!["a"])),
            ("realm_access.roles", Some(vec!["c"])),
            ("https://x.example/roles", Some(vec!["d"])),
            ("a.b", Some(vec!["whole"])),
            ("odd", Some(vec![])),
            ("nothing", None),
            ("realm_access.nothing", None),
            ("", None),
        ] {
            let found = values_at(&claims, claim);
            assert_eq!(found, expected.map(|all| all.into_iter().map(str::to_owned).collect()), "{claim}");
        }
    }

    #[test]
    fn a_name_of_the_provider_becomes_one_that_an_account_may_have() {
        for (said, expected) in [
            (Some("Li.Na"), "li.na"),
            (Some("li na@clinic.example"), "li.na@clinic.example"),
            (Some("李娜"), "李娜"),
            (Some("DOMAIN\\li"), "domain.li"),
            (Some(&*"x".repeat(300)), &*"x".repeat(56)),
            (None, "person"),
        ] {
            let person = Person { name: said.map(str::to_owned), ..Person::default() };
            assert_eq!(person.account_name(), expected);
        }
        let person = Person { display: Some("Li\u{1b}\n Na".into()), ..Person::default() };
        assert_eq!(person.display(), "Li Na");
    }
}

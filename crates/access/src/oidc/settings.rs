//! How people sign in at a provider of OpenID Connect, as it is configured.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use openidconnect::url::{Host, Url};
use openidconnect::{ClientSecret, IssuerUrl};
use peony_store::Role;

/// What is configured. It has no secret in its debug form.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// Who says who somebody is, as the provider spells it.
    pub issuer: WebAddress,
    /// What this server is called there.
    pub client_id: String,
    /// What it proves that with; `None` where the provider wants nothing but PKCE.
    pub client_secret: Option<ClientSecret>,
    /// This server, as browsers see it.
    pub public_url: WebAddress,
    /// What stands on the button; `None`: the page's own words.
    pub label: Option<String>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds roles or groups, with dots between the names of nested ones.
    pub role_claim: Option<String>,
    /// What its values mean here.
    pub rules: Vec<RoleRule>,
    /// What those are of whom no rule says anything.
    pub usual: Option<Grant>,
    /// People who have no account get one at their first sign-in.
    pub newcomers: bool,
    /// After so long they sign in again, and their roles are asked for again; no session lasts longer than [`crate::LONGEST_SESSION`].
    pub session: Duration,
}

impl OidcSettings {
    /// Where the provider sends browsers back to.
    #[must_use]
    pub fn redirect(&self) -> String {
        self.public_url.page("api/oidc/callback")
    }

    /// What somebody is of whom the provider says these values; `None` where nothing fits them.
    pub(super) fn granted(&self, values: &[String]) -> Option<Granted> {
        let rules = self.rules.iter().filter(|rule| values.contains(&rule.value)).map(|rule| &rule.grant);
        let mut granted = Granted::default();
        for grant in rules {
            granted.add(grant);
        }
        if granted.roles.is_empty() {
            granted.add(self.usual.as_ref()?);
        }
        Some(granted)
    }

    /// Every site that is named.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        let grants = self.rules.iter().map(|rule| &rule.grant).chain(&self.usual);
        grants.filter_map(|grant| grant.site.as_deref())
    }
}

/// What somebody is, all that fits them together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Granted {
    pub roles: Vec<Role>,
    pub sites: Vec<String>,
}

impl Granted {
    fn add(&mut self, grant: &Grant) {
        if !self.roles.contains(&grant.role) {
            self.roles.push(grant.role);
        }
        if let Some(site) = grant.site.as_ref().filter(|site| !self.sites.contains(site)) {
            self.sites.push(site.clone());
        }
    }
}

/// An address that secrets may go to: HTTPS, or this machine's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    url: Url,
    /// As it was written: an issuer is compared letter by letter.
    written: String,
}

impl WebAddress {
    /// A page below it.
    fn page(&self, path: &str) -> String {
        format!("{}/{path}", self.written.trim_end_matches('/'))
    }

    /// The address to sign in at.
    pub(super) fn sign_in(&self) -> String {
        self.page("api/oidc/sign-in")
    }

    /// Whether it has no path: the pages are at the top of a server.
    #[must_use]
    pub fn is_a_whole_server(&self) -> bool {
        self.url.path() == "/"
    }

    pub(super) fn issuer(&self) -> Result<IssuerUrl, openidconnect::url::ParseError> {
        IssuerUrl::new(self.written.clone())
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Why something that is configured cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl FromStr for WebAddress {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let unfit = |why: &str| Err(Unfit(why.to_owned()));
        let Ok(url) = Url::parse(text) else { return unfit("it is an address such as https://HOST") };
        if !is_safe(&url) {
            return unfit("it is https://…; http:// is for this machine's own addresses alone");
        }
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return unfit("it has neither a password nor anything after ? or #");
        }
        Ok(Self { url, written: text.to_owned() })
    }
}

/// Whether what is sent there is read by nobody on the way.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        },
        _ => false,
    }
}

/// A role, and a site that comes with it: `ROLE` or `ROLE@SITE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    role: Role,
    site: Option<String>,
}

impl FromStr for Grant {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let (role, site) = match text.split_once('@') {
            Some((_, "")) => return Err(Unfit("after @ stands a site".to_owned())),
            Some((role, site)) => (role, Some(site.to_owned())),
            None => (text, None),
        };
        let role = role.parse().map_err(|error: peony_store::StoreError| Unfit(error.to_string()))?;
        Ok(Self { role, site })
    }
}

/// What a value of the claim means here: `VALUE=ROLE` or `VALUE=ROLE@SITE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    value: String,
    grant: Grant,
}

impl FromStr for RoleRule {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        // A value may be a distinguished name, with = in it; no role and no site has one.
        match text.rsplit_once('=') {
            Some((value, grant)) if !value.is_empty() => {
                Ok(Self { value: value.to_owned(), grant: grant.parse()? })
            }
            _ => Err(Unfit("it is VALUE=ROLE or VALUE=ROLE@SITE".to_owned())),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_https_or_stay_on_this_machine() {
        for (text, fits) in [
            ("https://login.example", true),
            ("https://login.example/realms/clinic/", true),
            ("http://127.0.0.1:9400", true),
            ("http://[::1]:9400", true),
            ("http://localhost:9400", true),
            ("http://login.example", false),
            ("http://127.0.0.1.example", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("ftp://localhost", false),
            ("https://a:b@login.example", false),
            ("https://login.example/?a=b", false),
            ("https://login.example/#a", false),
            ("login.example", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<WebAddress>().is_ok(), fits, "{text}");
        }
        let [with, without] =
            ["https://a.example/", "https://a.example"].map(|text| text.parse::<WebAddress>().unwrap());
        assert_eq!(with.sign_in(), "https://a.example/api/oidc/sign-in");
        assert_eq!(with.sign_in(), without.sign_in());
        assert_eq!(without.to_string(), "https://a.example", "as it was written");
    }

    pub(crate) fn settings(rules: &[&str], usual: Option<&str>) -> OidcSettings {
        let [issuer, public_url] =
            ["https://login.example", "https://peony.example"].map(|text| text.parse().unwrap());
        OidcSettings {
            issuer,
            client_id: "peony".to_owned(),
            client_secret: Some(ClientSecret::new("a secret".to_owned())),
            public_url,
            label: None,
            scopes: Vec::new(),
            role_claim: Some("groups".to_owned()),
            rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
            usual: usual.map(|grant| grant.parse().unwrap()),
            newcomers: true,
            session: Duration::from_secs(60),
        }
    }

    #[test]
    fn every_rule_that_fits_adds_its_role_and_its_site() {
        let rules = [
            "CN=doctors,DC=a=radiologist@east",
            "doctors=radiologist@west",
            "scan=sonographer",
            "root=administrator",
        ];
        let check = |values: &[&str], usual: Option<&str>, expected: Option<(&[Role], &[&str])>| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let expected = expected.map(|(roles, sites)| Granted {
                roles: roles.to_vec(),
                sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            });
            assert_eq!(settings(&rules, usual).granted(&values), expected, "{values:?} {usual:?}");
        };
        check(&["CN=doctors,DC=a"], None, Some((&[Role::Radiologist], &["east"])));
        check(&["doctors", "CN=doctors,DC=a"], None, Some((&[Role::Radiologist], &["east", "west"])));
        check(
            &["scan", "doctors"],
            Some("teacher"),
            Some((&[Role::Radiologist, Role::Sonographer], &["west"])),
        );
        check(&["Scan", "ROOT", "roots", ""], None, None);
        check(&[], Some("teacher@east"), Some((&[Role::Teacher], &["east"])));
        assert_eq!(
            settings(&rules, Some("teacher@north")).sites().collect::<Vec<_>>(),
            ["east", "west", "north"]
        );
    }

    #[test]
    fn what_is_no_rule_is_refused_and_no_secret_is_shown() {
        for text in ["radiologist", "=radiologist", "a=", "a=king", "a=radiologist@", "a=radiologist "] {
            assert!(text.parse::<RoleRule>().is_err(), "{text}");
        }
        assert!(!format!("{:?}", settings(&[], None)).contains("a secret"));
    }
}

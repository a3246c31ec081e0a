//! The provider: where it is said to be, its keys, and who it says has come back (OpenID Connect Core 1.0 §3.1, RFC 7636).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, Client,
    ClientId, CsrfToken, DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdTokenClaims, IdTokenFields, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::Refusal;
use super::http::{Http, HttpError};
use super::pending::Asked;
use super::person::Person;
use super::settings::{OidcSettings, is_safe};

/// What the provider says of itself is believed for so long.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);
/// One that did not answer is not asked again for so long.
const REST: Duration = Duration::from_secs(3);
/// The same where there is an earlier answer to go on with.
const LONG_REST: Duration = Duration::from_secs(60);

/// Claims that no standard names, such as groups.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Further {
    #[serde(flatten)]
    pub all: BTreeMap<String, Value>,
}

impl AdditionalClaims for Further {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Further,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
/// The provider as it was found.
type Found = Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Claims = IdTokenClaims<Further, CoreGenderClaim>;

pub(super) struct Provider {
    pub settings: OidcSettings,
    http: Http,
    /// Locked while it is looked for: all who want to know wait for one answer.
    known: Mutex<Known>,
}

/// What is known of the provider.
#[derive(Default)]
struct Known {
    /// When it was found, and what.
    found: Option<(Instant, Arc<Found>)>,
    /// When it did not answer, if it has not answered since.
    failed: Option<Instant>,
}

impl Known {
    /// What can be told without asking: what was found, or that it is away; `again`: nothing from before.
    fn told(&self, again: bool) -> Option<Result<Arc<Found>, Refusal>> {
        let found = self.found.as_ref().filter(|_| !again);
        let fresh = found.filter(|(at, _)| at.elapsed() < KNOWN_FOR);
        let rest = if found.is_some() { LONG_REST } else { REST };
        let rests = self.failed.is_some_and(|at| at.elapsed() < rest);
        match (fresh, rests) {
            (Some((_, fresh)), _) => Some(Ok(Arc::clone(fresh))),
            (None, true) => Some(found.map(|(_, old)| Arc::clone(old)).ok_or(Refusal::Away)),
            (None, false) => None,
        }
    }
}

/// Where a browser goes, by which state it comes back, and what is needed then.
pub(super) struct Departure {
    pub to: Url,
    pub state: CsrfToken,
    pub nonce: Nonce,
    pub verifier: openidconnect::PkceCodeVerifier,
}

impl Provider {
    /// Nothing is asked yet: a provider that is away keeps nobody from starting.
    ///
    /// # Errors
    /// Where there can be no client of HTTPS.
    pub fn new(settings: OidcSettings) -> Result<Self, HttpError> {
        Ok(Self { settings, http: Http::new()?, known: Mutex::default() })
    }

    /// Sends a browser to the provider.
    pub async fn depart(&self) -> Result<Departure, Refusal> {
        let found = self.find(false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = found.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (to, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Departure { to, state, nonce, verifier })
    }

    /// Who has come back with this code.
    pub async fn arrive(&self, code: String, asked: Asked) -> Result<Person, Refusal> {
        let found = self.find(false).await?;
        let Asked { nonce, verifier, .. } = asked;
        let request = found
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| invalid("it names no token endpoint"))?;
        let tokens =
            request.set_pkce_verifier(verifier).request_async(&self.http).await.map_err(of_exchange)?;
        let claims = match verified(&found, &tokens, &nonce) {
            // It may sign with another key by now.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                verified(&*self.find(true).await?, &tokens, &nonce)
            }
            verified => verified,
        };
        let claims = claims.map_err(|error| invalid(of_claims(&error)))?;
        let mut person = Person::of(&claims, self.settings.role_claim.as_deref());
        if person.lacks_something(self.settings.role_claim.is_some()) {
            self.ask_further(&found, &tokens, &claims, &mut person).await?;
        }
        Ok(person)
    }

    /// Some providers put no more than the subject into the token.
    async fn ask_further(
        &self,
        found: &Found,
        tokens: &Tokens,
        claims: &Claims,
        person: &mut Person,
    ) -> Result<(), Refusal> {
        let subject = Some(claims.subject().clone());
        let Ok(request) = found.user_info(tokens.access_token().clone(), subject) else { return Ok(()) };
        let said: UserInfoClaims<Further, CoreGenderClaim> =
            request.request_async(&self.http).await.map_err(|_| {
                tracing::warn!(
                    "OpenID Connect: the provider does not say at its userinfo endpoint who it is"
                );
                Refusal::Away
            })?;
        person.add(
            said.standard_claims(),
            &said.additional_claims().all,
            self.settings.role_claim.as_deref(),
        );
        Ok(())
    }

    /// The provider as it was found before; `again`: as it is now.
    async fn find(&self, again: bool) -> Result<Arc<Found>, Refusal> {
        let mut known = self.known.lock().await;
        if let Some(told) = known.told(again) {
            return told;
        }
        match self.look().await {
            Ok(found) => {
                let found = Arc::new(found);
                *known = Known { found: Some((Instant::now(), Arc::clone(&found))), failed: None };
                Ok(found)
            }
            Err(why) => {
                known.failed = Some(Instant::now());
                match &known.found {
                    // A description that was good an hour ago is better than none.
                    Some((_, old)) if !again => {
                        tracing::warn!(
                            "OpenID Connect: the provider does not describe itself again, and is used as it was: {why}"
                        );
                        Ok(Arc::clone(old))
                    }
                    _ => {
                        tracing::warn!("OpenID Connect: the provider cannot be used: {why}");
                        Err(Refusal::Away)
                    }
                }
            }
        }
    }

    async fn look(&self) -> Result<Found, String> {
        let issuer = self.settings.issuer.issuer().map_err(|error| error.to_string())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| of_discovery(&error))?;
        self.client(metadata)
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<Found, String> {
        if !is_safe(metadata.authorization_endpoint().url()) {
            return Err(HttpError::Unsafe.to_string());
        }
        let redirect = RedirectUrl::new(self.settings.redirect()).map_err(|error| error.to_string())?;
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        // What is not said is client_secret_basic (OpenID Connect Discovery 1.0 §3).
        let basic = methods.is_empty() || methods.contains(&CoreClientAuthMethod::ClientSecretBasic);
        let (id, secret) =
            (ClientId::new(self.settings.client_id.clone()), self.settings.client_secret.clone());
        Ok(Client::from_provider_metadata(metadata, id, secret)
            .set_redirect_uri(redirect)
            .set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody }))
    }
}

/// The claims of the token, if they are of this provider, for this server, for this sign-in, and still hold.
fn verified(found: &Found, tokens: &Tokens, nonce: &Nonce) -> Result<Claims, ClaimsVerificationError> {
    let other = |why: &str| ClaimsVerificationError::Other(why.to_owned());
    let token = tokens.id_token().ok_or_else(|| other("there is no ID token"))?;
    let verifier = found.id_token_verifier();
    let claims = token.claims(&verifier, nonce)?;
    if claims.authorized_party().is_some_and(|party| party != found.client_id()) {
        return Err(ClaimsVerificationError::InvalidAudience(String::new()));
    }
    if let Some(expected) = claims.access_token_hash() {
        let of_signature = ClaimsVerificationError::SignatureVerification;
        let (alg, key) =
            (token.signing_alg().map_err(of_signature)?, token.signing_key(&verifier).map_err(of_signature)?);
        let actual =
            AccessTokenHash::from_token(tokens.access_token(), alg, key).map_err(|_| other("at_hash"))?;
        if actual != *expected {
            return Err(other("the access token is another one's"));
        }
    }
    Ok(claims.clone())
}

fn invalid(why: &str) -> Refusal {
    tracing::warn!("OpenID Connect: what the provider says cannot be believed: {why}");
    Refusal::Invalid
}

/// Why, in words of our own: those of the library may hold what is in the token.
fn of_claims(error: &ClaimsVerificationError) -> &'static str {
    use ClaimsVerificationError as E;
    match error {
        E::Expired(_) => "the ID token is over",
        E::InvalidAudience(_) => "the ID token is for another",
        E::InvalidIssuer(_) => "the ID token is of another issuer",
        E::InvalidNonce(_) => "the ID token is of another sign-in",
        E::SignatureVerification(_) => "the ID token is not signed by one of its keys",
        _ => "the ID token is none",
    }
}

fn of_discovery(error: &DiscoveryError<HttpError>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, ..) => format!("it answers {status}, or no JSON"),
        DiscoveryError::Parse(_) => {
            "it does not describe itself as OpenID Connect Discovery has it".to_owned()
        }
        DiscoveryError::Validation(_) => "it calls itself by another issuer".to_owned(),
        _ => "its address cannot be used".to_owned(),
    }
}

type ExchangeError = RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>;

fn of_exchange(error: ExchangeError) -> Refusal {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            // A code that was used, or is of another sign-in, is the browser's fault; everything else this server's.
            let word = answer.error().to_string();
            let word: String = word.chars().filter(char::is_ascii_graphic).take(40).collect();
            tracing::warn!("OpenID Connect: the provider gives no token: it says {word}");
            if *answer.error() == CoreErrorResponseType::InvalidGrant {
                Refusal::Stale
            } else {
                Refusal::Away
            }
        }
        RequestTokenError::Request(error) => {
            tracing::warn!("OpenID Connect: the provider gives no token: {error}");
            Refusal::Away
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            tracing::warn!("OpenID Connect: the provider gives no token: its answer is none");
            Refusal::Away
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::settings::tests::settings;

    /// One that described itself `age` ago, and whom nobody reaches now.
    fn gone(age: Duration) -> Provider {
        let nobody = "http://127.0.0.1:9";
        let provider =
            Provider::new(OidcSettings { issuer: nobody.parse().unwrap(), ..settings(&[], None) }).unwrap();
        let described = serde_json::json!({
            "issuer": nobody, "authorization_endpoint": format!("{nobody}/authorize"), "jwks_uri": format!("{nobody}/jwks"),
            "token_endpoint": format!("{nobody}/token"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        });
        let found = provider.client(serde_json::from_value(described).unwrap()).unwrap();
        let at = Instant::now().checked_sub(age).unwrap();
        let known = Known { found: Some((at, Arc::new(found))), failed: None };
        Provider { known: Mutex::new(known), ..provider }
    }

    #[tokio::test]
    async fn a_provider_that_does_not_describe_itself_again_is_used_as_it_was() {
        let provider = gone(2 * KNOWN_FOR);
        for _ in 0..2 {
            let to = provider.depart().await.unwrap().to;
            assert!(to.as_str().starts_with("http://127.0.0.1:9/authorize?"), "{to}");
        }
        let failed = provider.known.lock().await.failed.unwrap();
        provider.depart().await.unwrap();
        assert_eq!(provider.known.lock().await.failed, Some(failed), "it is not asked at every sign-in");
        // Other keys than those that are known are nowhere else.
        assert_eq!(provider.find(true).await.err(), Some(Refusal::Away));
        provider.depart().await.unwrap();
        // After a rest it is asked again.
        let long_ago = Instant::now().checked_sub(2 * LONG_REST).unwrap();
        provider.known.lock().await.failed = Some(long_ago);
        provider.depart().await.unwrap();
        assert!(provider.known.lock().await.failed > Some(long_ago));
        // What is known well is not asked for.
        let known = gone(KNOWN_FOR / 2);
        known.depart().await.unwrap();
        assert_eq!(known.known.lock().await.failed, None);
    }
}

"""A provider of OpenID Connect (oidc-provider-mock, which rests on Authlib) that can be told to lie and to fail.

`python provider.py [PORT]` prints the port that it listens on. `PUT /lie` says how it lies from then on, as an object of JSON:

- `claims`: claims of the ID token that are otherwise than they are, signed anew by its own key; `null` leaves one out
- `foreign_key`: true signs by a key that nobody knows; `none`: true does not sign
- `status`: `{"PATH": STATUS}`, what is answered at a path instead
- `issuer`: what it calls itself
- `redirect`: true answers the token endpoint with a redirect
- `rotate`: true signs by a new key from now on, which it publishes

It holds the client to PKCE (RFC 7636) and its secret, which the mock does not, and `GET /seen` says which secrets it has given out and got.
"""

import base64
import hashlib
import json
import os
import sys
import warnings
from urllib.parse import parse_qs, unquote

warnings.simplefilter("ignore")
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
import oidc_provider_mock
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import RSAKey

SECRET = "the secret of the client"
CLIENT = "peony"

lie: dict = {}
challenges: dict[str, str] = {}
seen: set[str] = set()
key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
foreign = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})

app = oidc_provider_mock.app()


def signed(claims: dict) -> str:
    if lie.get("none"):
        parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
        coded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
        return ".".join([*coded, ""])
    by = foreign if lie.get("foreign_key") else key
    return jwt.encode({"alg": "RS256", "kid": by.kid}, claims, by)


def of_client() -> bool:
    """Whether the client has proved who it is, by HTTP Basic (RFC 6749 §2.3.1)."""
    said = flask.request.authorization
    return (
        bool(said)
        and unquote(said.username or "") == CLIENT
        and unquote(said.password or "").replace("+", " ") == SECRET
    )


@app.before_request
def before():
    path = flask.request.path
    status = lie.get("status", {}).get(path)
    if status is not None:
        return flask.Response("broken: " + SECRET, status=status)
    if path == "/jwks":
        return flask.jsonify({"keys": [key.as_dict(private=False)]})
    asked = flask.request.args
    if path == "/oauth2/authorize" and (asked.get("code_challenge_method") != "S256" or not asked.get("nonce")):
        return flask.Response("PKCE and a nonce are wanted", status=400)
    if path == "/oauth2/token":
        if lie.get("redirect"):
            return flask.redirect("/elsewhere", code=307)
        code, verifier = flask.request.form.get("code", ""), flask.request.form.get("code_verifier", "")
        seen.update([code, verifier])
        digest = hashlib.sha256(verifier.encode()).digest()
        expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not of_client():
            return flask.jsonify({"error": "invalid_client"}), 401
        if challenges.pop(code, None) != expected:
            return flask.jsonify({"error": "invalid_grant"}), 400
    return None


@app.after_request
def after(response):
    path = flask.request.path
    if path == "/oauth2/authorize" and response.status_code == 302:
        said = parse_qs(response.headers["Location"].split("?", 1)[1])
        challenges[said.get("code", [""])[0]] = flask.request.args["code_challenge"]
        if "state" not in said:
            # The mock leaves it out where somebody says no (RFC 6749 §4.1.2.1).
            response.headers["Location"] += "&state=" + flask.request.args["state"]
    if path == "/.well-known/openid-configuration" and "issuer" in lie:
        response.set_data(json.dumps({**response.get_json(), "issuer": lie["issuer"]}))
    if path == "/oauth2/token" and response.status_code == 200:
        tokens = response.get_json()
        payload = tokens["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims.pop("at_hash", None)
        for name, value in lie.get("claims", {}).items():
            if value is None:
                claims.pop(name, None)
            else:
                claims[name] = value
        tokens["id_token"] = signed(claims)
        seen.update([tokens["id_token"], tokens["access_token"]])
        response.set_data(json.dumps(tokens))
    return response


@app.put("/lie")
def put_lie():
    global lie, key
    lie = flask.request.get_json()
    if lie.get("rotate"):
        key = RSAKey.generate_key(2048, {"kid": "second", "use": "sig", "alg": "RS256"})
    return "", 204


@app.get("/seen")
def get_seen():
    return flask.jsonify([SECRET, *sorted(one for one in seen if one)])


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = werkzeug.serving.make_server("127.0.0.1", port, app, threaded=True)
    print(server.server_port, flush=True)
    with open(os.devnull, "w") as sys.stderr:
        server.serve_forever()

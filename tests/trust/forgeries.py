"""Tokens that somebody might try, each a small edit of a good one, and the good ones beside them.

Every family has its controls: tokens that are as near to the forgeries as can be, and good. A
check that refuses everything would refuse them too.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.conftest import NOW
from tests.trust.issuer import Issuer, encoded, jwk, packed, sign, spare_key

SECONDS = int(NOW.timestamp())
BASE_URL = "https://cds.example.org/magnesia"
SERVICE = f"{BASE_URL}/cds-services/magnesium-replacement"
#: The other key that may be fetched, if anybody would.
FOREIGN_JKU = "https://attacker.example/jwks.json"
_ORDER = int(
    "39402006196394479212279040100143613805079739270465446667946905279627659399113263569398956308152"
    "294913554433653942643"
)


@dataclass
class World:
    """The clients of the site: `ehr` signs by ES384, `lab` by RS384; `bound` has tenants and a
    `jku`."""

    ehr: Issuer
    lab: Issuer
    bound: Issuer


Make = Callable[[World], str]


def good(issuer: Issuer, audience: Any = SERVICE, **changes: Any) -> str:
    """A token at NOW."""
    return issuer.token(audience, SECONDS, **changes)


def with_header(issuer: Issuer, **changes: Any) -> str:
    """A token at NOW whose header is changed, signed by the issuer."""
    return issuer.signed(issuer.header(**changes), issuer.claims(SERVICE, SECONDS))


def with_claims(issuer: Issuer, claims: Any) -> str:
    """A token with any claims, signed by the issuer."""
    return issuer.signed(issuer.header(), claims)


def _parts(token: str) -> list[str]:
    return token.split(".")


def _resigned(issuer: Issuer, algorithm: str, key: Any, **header: Any) -> str:
    return issuer.signed(
        issuer.header(alg=algorithm, **header), issuer.claims(SERVICE, SECONDS), algorithm, key
    )


def _hmac(issuer: Issuer, algorithm: str, secret: bytes, **header: Any) -> str:
    """Signed symmetrically with what everybody knows."""
    content = (
        f"{packed(issuer.header(alg=algorithm, **header))}."
        f"{packed(issuer.claims(SERVICE, SECONDS))}"
    )
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{content}.{encoded(hmac.digest(secret, content.encode(), digest))}"


def _pem(issuer: Issuer) -> bytes:
    return bytes(
        issuer.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _der(issuer: Issuer) -> bytes:
    return bytes(
        issuer.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def _unsigned(issuer: Issuer, algorithm: Any, signature: str = "") -> str:
    claims = issuer.claims(SERVICE, SECONDS)
    return f"{packed(issuer.header(alg=algorithm))}.{packed(claims)}.{signature}"


def _with_signature(issuer: Issuer, change: Callable[[bytes, bytes], bytes]) -> str:
    """A good token with another signature, made of the content and the good signature."""
    content = f"{packed(issuer.header())}.{packed(issuer.claims(SERVICE, SECONDS))}"
    made = sign(issuer.algorithm, issuer.key, content.encode())
    return f"{content}.{encoded(change(content.encode(), made))}"


def _tampered(issuer: Issuer, part: int, edit: Callable[[dict[str, Any]], Any]) -> str:
    """A good token, one part of which was changed after it was signed."""
    header, claims = issuer.header(), issuer.claims(SERVICE, SECONDS)
    parts = _parts(issuer.signed(header, claims))
    changed = [header, claims][part]
    edit(changed)
    parts[part] = packed(changed)
    return ".".join(parts)


def _high_s(_: bytes, signature: bytes) -> bytes:
    """The other signature that ECDSA takes for the same content; of no use without the first."""
    r, s = signature[:48], int.from_bytes(signature[48:], "big")
    return r + (_ORDER - s).to_bytes(48, "big")


def _der_signature(issuer: Issuer) -> str:
    return _with_signature(
        issuer, lambda content, _: bytes(issuer.key.sign(content, ec.ECDSA(hashes.SHA384())))
    )


def _hash_of_another_size(issuer: Issuer) -> str:
    """By the right key, over SHA-256: what ES256 would be with a key of P-384."""

    def made(content: bytes, _: bytes) -> bytes:
        r, s = decode_dss_signature(issuer.key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")

    return _with_signature(issuer, made)


def _loose_bits(token: str, part: int) -> str:
    """Another spelling of the same bytes: the bits that base64url leaves over are not zero."""
    parts = _parts(token)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(parts[part]) % 4, "this part has no bits left over"
    parts[part] = parts[part][:-1] + alphabet[alphabet.index(parts[part][-1]) + 1]
    return ".".join(parts)


def _twice(issuer: Issuer, name: str, first: Any, second: Any, part: int) -> str:
    """Signed by the issuer, with a member twice."""
    parts: list[Any] = [issuer.header(), issuer.claims(SERVICE, SECONDS)]
    rest = {key: value for key, value in parts[part].items() if key != name}
    text = json.dumps(rest)[:-1]
    text += f', "{name}": {json.dumps(first)}, "{name}": {json.dumps(second)}}}'
    parts[part] = text
    return issuer.signed(*parts)


def _raw_claim(issuer: Issuer, name: str, text: str) -> str:
    """Signed by the issuer, with a value that Python would not write."""
    claims = issuer.claims(SERVICE, SECONDS)
    claims.pop(name, None)
    return with_claims(issuer, json.dumps(claims)[:-1] + f', "{name}": {text}}}')


def _padded_to_alignment(issuer: Issuer) -> str:
    """A good token with the padding that base64url leaves out."""
    return ".".join(part + "=" * (-len(part) % 4) for part in _parts(good(issuer)))


def _with_loose_bits(issuer: Issuer, part: int) -> str:
    """A good token whose `part` has bits left over, which are then set."""
    for length in range(1, 5):
        claims = issuer.claims(SERVICE, SECONDS, pad="x" * length)
        token = issuer.signed(issuer.header(pad="x" * length), claims)
        if len(_parts(token)[part]) % 4:
            return _loose_bits(token, part)
    raise AssertionError("one of four lengths leaves bits over")


def _utf16(issuer: Issuer) -> str:
    claims = json.dumps(issuer.claims(SERVICE, SECONDS)).encode("utf-16")
    content = f"{packed(issuer.header())}.{encoded(claims)}"
    return f"{content}.{encoded(sign(issuer.algorithm, issuer.key, content.encode()))}"


FORGERIES: dict[str, dict[str, Make]] = {
    "algorithm": {
        "none, without a signature": lambda w: _unsigned(w.ehr, "none"),
        "none, with the signature of a good token": lambda w: _unsigned(
            w.ehr, "none", _parts(good(w.ehr))[2]
        ),
        "None in other letters": lambda w: _unsigned(w.ehr, "nOnE", "AAAA"),
        "an empty name": lambda w: with_header(w.ehr, alg=""),
        "no name": lambda w: with_header(w.ehr, alg=None),
        "a list of names": lambda w: with_header(w.ehr, alg=["ES384"]),
        "a number": lambda w: with_header(w.ehr, alg=384),
        "the name in small letters": lambda w: with_header(w.ehr, alg="es384"),
        "HS256 under the public key in PEM": lambda w: _hmac(w.ehr, "HS256", _pem(w.ehr)),
        "HS384 under the public key in PEM": lambda w: _hmac(w.ehr, "HS384", _pem(w.ehr)),
        "HS384 under the public key in DER": lambda w: _hmac(w.lab, "HS384", _der(w.lab)),
        "HS512 under the public key in PEM, RSA": lambda w: _hmac(w.lab, "HS512", _pem(w.lab)),
        "HS256 under the key as a JWK": lambda w: _hmac(
            w.ehr, "HS256", json.dumps(w.ehr.jwks()["keys"][0]).encode()
        ),
        "HS256 under an empty secret": lambda w: _hmac(w.ehr, "HS256", b""),
        "HS256 that calls itself ES384": lambda w: ".".join(
            [*_parts(good(w.ehr))[:2], _parts(_hmac(w.ehr, "HS256", _pem(w.ehr)))[2]]
        ),
        "ES256, which this client does not use": lambda w: _resigned(
            w.ehr, "ES256", spare_key("ES256")
        ),
        "RS256 by the right RSA key": lambda w: _resigned(w.lab, "RS256", w.lab.key),
        "PS384 by the right RSA key": lambda w: _resigned(w.lab, "PS384", w.lab.key),
        "RS384 under the name of an EC key": lambda w: _resigned(
            w.ehr, "RS384", spare_key("RS384")
        ),
        "RS384 in the header over an ES384 signature": lambda w: _tampered(
            w.ehr, 0, lambda header: header.update(alg="RS384")
        ),
    },
    "signature": {
        "none at all": lambda w: ".".join([*_parts(good(w.ehr))[:2], ""]),
        "all zero": lambda w: _with_signature(w.ehr, lambda *_: bytes(96)),
        "r and s the order of the curve": lambda w: _with_signature(
            w.ehr, lambda *_: _ORDER.to_bytes(48, "big") * 2
        ),
        "r zero": lambda w: _with_signature(w.ehr, lambda _, made: bytes(48) + made[48:]),
        "s zero": lambda w: _with_signature(w.ehr, lambda _, made: made[:48] + bytes(48)),
        "in DER": lambda w: _der_signature(w.ehr),
        "95 bytes": lambda w: _with_signature(w.ehr, lambda _, made: made[:-1]),
        "97 bytes": lambda w: _with_signature(w.ehr, lambda _, made: made + b"\0"),
        "a zero before r": lambda w: _with_signature(w.ehr, lambda _, made: b"\0" + made),
        "one bit changed": lambda w: _with_signature(
            w.ehr, lambda _, made: made[:-1] + bytes([made[-1] ^ 1])
        ),
        "r and s exchanged": lambda w: _with_signature(
            w.ehr, lambda _, made: made[48:] + made[:48]
        ),
        "of another token": lambda w: ".".join([*_parts(good(w.ehr))[:2], _parts(good(w.ehr))[2]]),
        "over SHA-256": lambda w: _hash_of_another_size(w.ehr),
        "RSA, one byte short": lambda w: _with_signature(w.lab, lambda _, made: made[1:]),
        "RSA, all zero": lambda w: _with_signature(w.lab, lambda *_: bytes(256)),
        "RSA, the number one": lambda w: _with_signature(w.lab, lambda *_: bytes(255) + b"\1"),
        "claims changed after signing": lambda w: _tampered(
            w.ehr, 1, lambda claims: claims.update(sub="somebody")
        ),
        "header changed after signing": lambda w: _tampered(
            w.ehr, 0, lambda header: header.update(cty="JSON")
        ),
    },
    "key": {
        "a key of nobody under the right name": lambda w: _resigned(
            w.ehr, "ES384", spare_key("ES384")
        ),
        "the key of another client": lambda w: w.ehr.signed(
            w.ehr.header(), w.ehr.claims(SERVICE, SECONDS, iss=w.bound.iss, tenant="ward-1")
        ),
        "another client's key and name": lambda w: w.bound.signed(
            w.bound.header(), w.ehr.claims(SERVICE, SECONDS)
        ),
        "no kid": lambda w: with_header(w.ehr, kid=None),
        "an unknown kid": lambda w: with_header(w.ehr, kid="unknown"),
        "an empty kid": lambda w: with_header(w.ehr, kid=""),
        "a kid that is a path": lambda w: with_header(w.ehr, kid="../../../../dev/null"),
        "a kid that is SQL": lambda w: with_header(w.ehr, kid="' OR '1'='1"),
        "a kid that is a list": lambda w: with_header(w.ehr, kid=[w.ehr.kid]),
        "a kid that is true": lambda w: with_header(w.ehr, kid=True),
        "a kid in capitals": lambda w: with_header(w.ehr, kid=f"{w.ehr.kid.upper()}X"),
        "a very long kid": lambda w: with_header(w.ehr, kid=w.ehr.kid + "x" * 300),
    },
    "header": {
        "a key of its own": lambda w: _resigned(
            w.ehr,
            "ES384",
            spare_key("ES384"),
            jwk=jwk("ES384", spare_key("ES384"), w.ehr.kid),
        ),
        "its right key": lambda w: with_header(w.ehr, jwk=w.ehr.jwks()["keys"][0]),
        "a foreign jku": lambda w: _resigned(w.ehr, "ES384", spare_key("ES384"), jku=FOREIGN_JKU),
        "a foreign jku over a good signature": lambda w: with_header(w.ehr, jku=FOREIGN_JKU),
        "a jku that only begins like the right one": lambda w: with_header(
            w.bound, jku=f"{w.bound.members['jku']}.attacker.example"
        ),
        "the right jku with a user before it": lambda w: with_header(
            w.bound, jku=f"https://{FOREIGN_JKU}@ehr.example/jwks"
        ),
        "a jku that is a list": lambda w: with_header(w.bound, jku=[w.bound.members["jku"]]),
        "a jku that is null, as text": lambda w: w.ehr.signed(
            json.dumps(w.ehr.header())[:-1] + ', "jku": null}', w.ehr.claims(SERVICE, SECONDS)
        ),
        "an x5u": lambda w: with_header(w.ehr, x5u="https://attacker.example/cert.pem"),
        "an x5c": lambda w: with_header(w.ehr, x5c=["MIIB"]),
        "crit": lambda w: with_header(w.ehr, crit=["exp"], exp=1),
        "an empty crit": lambda w: with_header(w.ehr, crit=[]),
        "b64 false": lambda w: with_header(w.ehr, b64=False, crit=["b64"]),
        "b64 true": lambda w: with_header(w.ehr, b64=True),
        "zip": lambda w: with_header(w.ehr, zip="DEF"),
        "enc": lambda w: with_header(w.ehr, enc="A256GCM"),
        "no typ": lambda w: with_header(w.ehr, typ=None),
        "typ at+jwt": lambda w: with_header(w.ehr, typ="at+jwt"),
        "typ JOSE": lambda w: with_header(w.ehr, typ="JOSE"),
        "typ true": lambda w: with_header(w.ehr, typ=True),
        "alg twice": lambda w: _twice(w.ehr, "alg", "none", "ES384", 0),
        "kid twice": lambda w: _twice(w.ehr, "kid", "unknown", w.ehr.kid, 0),
    },
    "audience": {
        "none": lambda w: good(w.ehr, None),
        "the base URL": lambda w: good(w.ehr, BASE_URL),
        "discovery": lambda w: good(w.ehr, f"{BASE_URL}/cds-services"),
        "another service": lambda w: good(w.ehr, f"{BASE_URL}/cds-services/other"),
        "feedback": lambda w: good(w.ehr, f"{SERVICE}/feedback"),
        "another host": lambda w: good(w.ehr, SERVICE.replace("cds.", "evil.")),
        "the host that was asked": lambda w: good(
            w.ehr, "http://localhost/cds-services/magnesium-replacement"
        ),
        "another scheme": lambda w: good(w.ehr, SERVICE.replace("https", "http")),
        "another port": lambda w: good(w.ehr, SERVICE.replace(".org", ".org:8443")),
        "without the path of the base URL": lambda w: good(
            w.ehr, SERVICE.replace("/magnesia", "", 1)
        ),
        "a slash too many": lambda w: good(w.ehr, f"{SERVICE}/"),
        "a query": lambda w: good(w.ehr, f"{SERVICE}?x=1"),
        "a beginning": lambda w: good(w.ehr, SERVICE[:-1]),
        "more after it": lambda w: good(w.ehr, f"{SERVICE}.evil.example"),
        "capitals": lambda w: good(w.ehr, SERVICE.upper()),
        "an array of others": lambda w: good(w.ehr, [BASE_URL, f"{BASE_URL}/cds-services"]),
        "an empty array": lambda w: good(w.ehr, []),
        "an array with a number": lambda w: good(w.ehr, [SERVICE, 1]),
        "an array in an array": lambda w: good(w.ehr, [[SERVICE]]),
        "an object": lambda w: good(w.ehr, {SERVICE: True}),
        "true": lambda w: good(w.ehr, True),
        "twice, the second wrong": lambda w: _twice(w.ehr, "aud", SERVICE, BASE_URL, 1),
        "twice, the second right": lambda w: _twice(w.ehr, "aud", BASE_URL, SERVICE, 1),
    },
    "time": {
        "no exp": lambda w: good(w.ehr, exp=None),
        "no iat": lambda w: good(w.ehr, iat=None),
        "expired a minute ago": lambda w: good(w.ehr, iat=SECONDS - 300, exp=SECONDS - 60),
        "expired long ago": lambda w: good(w.ehr, iat=SECONDS - 90000, exp=SECONDS - 87000),
        "issued in two minutes": lambda w: good(w.ehr, iat=SECONDS + 120, exp=SECONDS + 300),
        "good only in two minutes": lambda w: good(w.ehr, nbf=SECONDS + 120),
        "for an hour and a second": lambda w: good(w.ehr, exp=SECONDS + 3601),
        "for years": lambda w: good(w.ehr, exp=SECONDS + 10**8),
        "exp before iat": lambda w: good(w.ehr, iat=SECONDS + 30, exp=SECONDS + 20),
        "exp at iat": lambda w: good(w.ehr, exp=SECONDS),
        "exp as text": lambda w: good(w.ehr, exp=str(SECONDS + 300)),
        "iat as text": lambda w: good(w.ehr, iat=str(SECONDS)),
        "exp true": lambda w: good(w.ehr, exp=True),
        "iat true, exp near it": lambda w: good(w.ehr, iat=True, exp=3000),
        "exp with a fraction": lambda w: good(w.ehr, exp=SECONDS + 299.5),
        "exp a float": lambda w: _raw_claim(w.ehr, "exp", f"{SECONDS + 300}.0"),
        "exp NaN": lambda w: _raw_claim(w.ehr, "exp", "NaN"),
        "exp Infinity": lambda w: _raw_claim(w.ehr, "exp", "Infinity"),
        "exp 1e400": lambda w: _raw_claim(w.ehr, "exp", "1e400"),
        "exp and iat beyond all calendars": lambda w: good(w.ehr, iat=10**20, exp=10**20 + 300),
        "exp of a thousand digits": lambda w: _raw_claim(w.ehr, "exp", "9" * 1000),
        "iat negative": lambda w: good(w.ehr, iat=-300, exp=1),
        "exp a list": lambda w: good(w.ehr, exp=[SECONDS + 300]),
        "exp null": lambda w: _raw_claim(w.ehr, "exp", "null"),
        "nbf as text": lambda w: good(w.ehr, nbf="now"),
        "nbf null": lambda w: _raw_claim(w.ehr, "nbf", "null"),
        "exp twice": lambda w: _twice(w.ehr, "exp", SECONDS - 900, SECONDS + 300, 1),
    },
    "identity": {
        "no iss": lambda w: good(w.ehr, iss=None),
        "an unknown iss": lambda w: good(w.ehr, iss="https://stranger.example"),
        "iss with a slash more": lambda w: good(w.ehr, iss=f"{w.ehr.iss}/"),
        "iss in capitals": lambda w: good(w.ehr, iss=w.ehr.iss.upper()),
        "iss a list": lambda w: good(w.ehr, iss=[w.ehr.iss]),
        "iss an object": lambda w: good(w.ehr, iss={"iss": w.ehr.iss}),
        "iss the client's name": lambda w: good(w.ehr, iss=w.ehr.name),
        "iss twice": lambda w: _twice(w.ehr, "iss", w.bound.iss, w.ehr.iss, 1),
        "no jti": lambda w: good(w.ehr, jti=None),
        "an empty jti": lambda w: good(w.ehr, jti=""),
        "a blank jti": lambda w: good(w.ehr, jti="  "),
        "jti a number": lambda w: good(w.ehr, jti=17),
        "jti a list": lambda w: good(w.ehr, jti=["a"]),
        "a very long jti": lambda w: good(w.ehr, jti="j" * 257),
        "no tenant where tenants are listed": lambda w: good(w.bound),
        "another tenant": lambda w: good(w.bound, tenant="ward-9"),
        "tenants in a list": lambda w: good(w.bound, tenant=["ward-1"]),
    },
    "encoding": {
        "padding": lambda w: _padded_to_alignment(w.ehr),
        "loose bits in the header": lambda w: _with_loose_bits(w.ehr, 0),
        "loose bits in the claims": lambda w: _with_loose_bits(w.ehr, 1),
        "loose bits in the signature": lambda w: _with_loose_bits(w.lab, 2),
        "base64 in place of base64url": lambda w: (
            good(w.ehr).replace("-", "+").replace("_", "/") + "+"
        ),
        "a line break within": lambda w: good(w.ehr).replace(".", ".\t", 1),
        "a blank after it": lambda w: f"{good(w.ehr)} x",
        "claims in UTF-16": lambda w: _utf16(w.ehr),
        "claims that are a list": lambda w: with_claims(
            w.ehr, json.dumps([w.ehr.claims(SERVICE, SECONDS)])
        ),
        "claims that are text": lambda w: with_claims(w.ehr, '"claims"'),
        "claims that end early": lambda w: with_claims(w.ehr, '{"iss": "https'),
        "claims with a trailing comma": lambda w: with_claims(
            w.ehr, json.dumps(w.ehr.claims(SERVICE, SECONDS))[:-1] + ",}"
        ),
        "claims after a byte order mark": lambda w: with_claims(
            w.ehr, "\ufeff" + json.dumps(w.ehr.claims(SERVICE, SECONDS))
        ),
        "a header nested three hundred deep": lambda w: w.ehr.signed(
            '{"a":' * 300 + "1" + "}" * 300, w.ehr.claims(SERVICE, SECONDS)
        ),
        "a header that is a list": lambda w: w.ehr.signed(
            json.dumps([w.ehr.header()]), w.ehr.claims(SERVICE, SECONDS)
        ),
    },
    "shape": {
        "nothing": lambda _: "",
        "two parts": lambda w: ".".join(_parts(good(w.ehr))[:2]),
        "four parts": lambda w: f"{good(w.ehr)}.AAAA",
        "five parts, as an encrypted token has": lambda w: f"{good(w.ehr)}.AAAA.AAAA",
        "three dots": lambda _: "...",
        "two tokens": lambda w: f"{good(w.ehr)}, Bearer {good(w.ehr)}",
        "the JSON serialization": lambda w: json.dumps(
            dict(zip(("protected", "payload", "signature"), _parts(good(w.ehr)), strict=True))
        ),
        "longer than is read": lambda w: good(w.ehr, pad="x" * 4000),
        "an opaque word": lambda _: "opaque-5f1e77-access",
    },
}

#: Good tokens, by the families that they show not to be refused for something else.
CONTROLS: dict[str, dict[str, Make]] = {
    "algorithm": {"ES384": lambda w: good(w.ehr), "RS384": lambda w: good(w.lab)},
    "signature": {
        "its own": lambda w: _with_signature(w.ehr, lambda _, made: made),
        "RSA, its own": lambda w: _with_signature(w.lab, lambda _, made: made),
        "the other s, which is good too": lambda w: _with_signature(w.ehr, _high_s),
    },
    "key": {"its own": lambda w: _resigned(w.ehr, "ES384", w.ehr.key)},
    "header": {
        "a member that nobody knows": lambda w: with_header(w.ehr, more="x"),
        "its own jku": lambda w: w.bound.signed(
            w.bound.header(jku=w.bound.members["jku"]),
            w.bound.claims(SERVICE, SECONDS, tenant="ward-1"),
        ),
    },
    "audience": {
        "in an array": lambda w: good(w.ehr, [SERVICE]),
        "among others": lambda w: good(w.ehr, [BASE_URL, SERVICE]),
    },
    "time": {
        "expired within the leeway": lambda w: good(w.ehr, iat=SECONDS - 300, exp=SECONDS - 59),
        "issued within the leeway": lambda w: good(w.ehr, iat=SECONDS + 60, exp=SECONDS + 300),
        "good within the leeway": lambda w: good(w.ehr, nbf=SECONDS + 60),
        "for an hour": lambda w: good(w.ehr, exp=SECONDS + 3600),
        "exp as written by hand": lambda w: _raw_claim(w.ehr, "exp", str(SECONDS + 300)),
    },
    "identity": {
        "a subject, which is ignored": lambda w: good(w.ehr, sub="client"),
        "a tenant where none is asked for": lambda w: good(w.ehr, tenant="anything"),
        "a listed tenant": lambda w: good(w.bound, tenant="ward-1"),
        "the longest jti": lambda w: good(w.ehr, jti="j" * 256),
    },
    "encoding": {
        "blanks within the JSON": lambda w: with_claims(
            w.ehr, json.dumps(w.ehr.claims(SERVICE, SECONDS), indent=2)
        ),
        "text beyond ASCII": lambda w: good(w.ehr, note="Ä\U0001f9ea"),
    },
    "shape": {"as long as many are": lambda w: good(w.ehr, pad="x" * 2000)},
}

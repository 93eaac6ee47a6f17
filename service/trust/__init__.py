"""Which client calls: its token, checked against what the site has said of it.

The client is chosen by `iss`, and everything else follows from the site's own file: the algorithms,
the keys, the tenants. A token says which of the client's keys it is signed with, never where a key
is to be had.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from service.record.nonces import Nonces, digest
from service.settings import Settings
from service.trust import tokens
from service.trust.clients import Client, Clients, ClientsError
from service.trust.jwks import Key, KeysUnreadable, verify
from service.trust.key_source import source
from service.trust.keys import KeySet
from service.trust.rate import Limiter
from service.trust.tokens import Distrusted, Token


class Trust:
    """The clients with their keys, their buckets and the tokens that they have used. `base_url` is
    the address that tokens are made out for.

    It is made before the workers are forked, as they share what it has fetched and counted.
    """

    def __init__(
        self,
        base_url: str,
        clients: Clients,
        key_sets: Mapping[str, KeySet],
        nonces: Nonces | None,
        clock: Callable[[], datetime],
        lifetime: int = tokens.LIFETIME,
    ) -> None:
        self.base_url = base_url
        self.clients = clients
        self._by_issuer = {client.iss: (index, client) for index, client in enumerate(clients)}
        self._key_sets = key_sets
        self._nonces = nonces
        self._clock = clock
        self._lifetime = lifetime
        self._limiter = Limiter([client.rate for client in clients])

    def claimed(self, token: Token) -> Client | None:
        """The client that the token says it is of."""
        issuer = token.claims.get("iss")
        found = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        return None if found is None else found[1]

    def check(self, token: Token, audiences: Collection[str]) -> Client:
        """The client that signed the token, for one of these addresses, now. Raises Distrusted."""
        client = self.claimed(token)
        if client is None:
            raise Distrusted("iss", "`iss` is that of no client.")
        # What costs nothing first: a key is looked for, and fetched, for nothing less than a token
        # that lacks only its signature.
        tokens.check_claims(token, audiences, self._clock().timestamp(), self._lifetime)
        if "jku" in token.header and not client.accepts_jku(token.header["jku"]):
            raise Distrusted("jku", "`jku` is not where this client's keys are.")
        if token.algorithm not in client.algorithms:
            raise Distrusted("alg", "`alg` is none of this client's algorithms.")
        if client.tenants is not None:
            tenant = token.claims.get("tenant")
            if not isinstance(tenant, str) or tenant not in client.tenants:
                raise Distrusted("tenant", "`tenant` is none of this client's tenants.")
        key = self._key_sets[client.name].find(token.kid, token.algorithm)
        if key is None:
            raise Distrusted("key", "`kid` is no key of this client for this `alg`.")
        if not verify(token.algorithm, key, token.signed, token.signature):
            raise Distrusted("signature", "The signature is not by this key.")
        return client

    def wait(self, client: Client) -> float:
        """How many seconds the client has to wait before it may call again; 0: it may now."""
        return self._limiter.wait(self._by_issuer[client.iss][0])

    def use(self, token: Token, client: Client) -> None:
        """Use up a token that has been checked. Raises Distrusted if it has been used before.
        Without nonces, a token can be used again and again."""
        if self._nonces is None:
            return
        now = int(self._clock().timestamp())
        if not self._nonces.is_first(digest(client.iss, token.jti), token.expires, now):
            raise Distrusted("replay", "The token has been used before.")


def establish(
    settings: Settings, clients: Clients, nonces: Nonces, clock: Callable[[], datetime]
) -> Trust | None:
    """What the settings say of trust; None where callers are not asked who they are.

    Raises ClientsError if a client's file of keys cannot be used.
    """
    if not settings.is_auth_required:
        return None
    # The settings do not stand without an address where it is asked for.
    base_url = str(settings.base_url)
    nonces.share()
    return Trust(base_url, clients, key_sets(clients, settings), nonces, clock)


def key_sets(clients: Clients, settings: Settings) -> dict[str, KeySet]:
    """The key set of every client, by its name; those in files are read and must hold a key.

    Raises ClientsError.
    """
    sets = {
        client.name: KeySet(client, source(client, settings), exposed=settings.is_exposed)
        for client in clients
    }
    problems = [
        f"client {index + 1} ({client.name}): jwks_file: {problem}"
        for index, client in enumerate(clients)
        if client.jwks_file is not None and (problem := _problem(sets[client.name])) is not None
    ]
    if problems:
        raise ClientsError(str(settings.clients), tuple(problems))
    return sets


def _problem(keys: KeySet) -> str | None:
    try:
        found = keys.load()
    except KeysUnreadable as error:
        return str(error)
    if any(key.fault is None for key in found):
        return None
    return f"no key in it can be used{_why(found)}"


def _why(found: Collection[Key]) -> str:
    faults = "; ".join(f"{key.kid!r}: {key.fault}" for key in found)
    return f" ({faults})" if faults else ""

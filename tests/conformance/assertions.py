"""The assertions under test: number, level, demand.

Level: MUST and SHOULD are the specification's; OURS is a recommendation that Magnesia follows.
"""

ASSERTIONS: dict[int, tuple[str, str]] = {
    1: ("MUST", "GET /cds-services answers 200 with a JSON object"),
    2: ("MUST", "the discovery document has a JSON media type"),
    3: ("MUST", "`services` is an array"),
    4: ("MUST", "each service has a non-blank string hook, id and description"),
    5: ("SHOULD", "each service has a non-blank string title"),
    6: ("MUST", "prefetch, if present, is a non-empty object of string to non-blank string"),
    7: (
        "MUST",
        "usageRequirements, version and hookVersion, if present, are non-blank strings; "
        "hookVersion is the library's; version is semantic or STUn",
    ),
    8: ("MUST", "discovery holds no null or empty value except `services: []`"),
    9: ("MUST", "(id, hook) pairs are unique"),
    10: ("OURS", "ids are URL-safe, and each (id, hook) that is listed can be called"),
    11: ("MUST", "prefetch templates use only tokens that the hook permits, with balanced braces"),
    12: (
        "SHOULD",
        "a template is a relative read or a type-level search inside the recommended subset",
    ),
    13: ("OURS", "templates use no pre-1.0 token, no FHIRPath and no today()"),
    14: ("MUST", "extension, if present, is an object; its names hold a dot"),
    15: ("OURS", "two successive GETs give the same document"),
    16: (
        "OURS",
        "discovery with a trailing slash, HEAD, OPTIONS or POST is no server error, "
        "and POST is 405 with Allow",
    ),
    17: ("OURS", "the pre-1.0 members `name` and `user` are absent"),
    18: ("MUST", "a valid call is answered with 200"),
    19: ("MUST", "the answer has a JSON media type, parses strictly, and its root is an object"),
    20: ("MUST", "`cards` is present and an array of objects"),
    21: ("MUST", "data that need no guidance give 200 with `cards: []`"),
    22: ("MUST", "no null or empty member outside FHIR resources, except `cards: []`"),
    23: ("MUST", "systemActions, if present, is a non-empty array of actions"),
    24: ("MUST", "each card has a non-blank one-line summary of at most 139 characters"),
    25: ("MUST", "indicator is info, warning or critical, in exactly this case"),
    26: (
        "MUST",
        "source has a non-blank label; url and icon are absolute http(s); "
        "topic has a string code and system",
    ),
    27: ("MUST", "detail, if present, is a non-blank string; it holds no raw HTML"),
    28: (
        "MUST",
        "suggestions is a non-empty array, and then selectionBehavior is at-most-one or any",
    ),
    29: ("MUST", "under at-most-one, at most one suggestion is recommended"),
    30: ("MUST", "each suggestion has a non-blank label; isRecommended is a boolean"),
    31: ("MUST", "actions is a non-empty array; each type is create, update or delete"),
    32: ("MUST", "each action has a non-blank description"),
    33: ("MUST", "create and update carry a resource object with resourceType; update has an id"),
    34: ("MUST", "an update names a submitted draft and keeps every element of it"),
    35: ("SHOULD", "a delete has the resourceId of a submitted draft and no resource"),
    36: ("MUST", "each override reason has a string code, system and display"),
    37: ("MUST", "each link has a label, an absolute http(s) url, and type absolute or smart"),
    38: ("MUST", "appContext is a string, on smart links only; autolaunchable is a boolean"),
    39: ("MUST", "actionSelectionBehavior is absent unless the client declares support"),
    40: ("OURS", "cards and suggestions have distinct lower-case UUIDs, also across calls"),
    41: (
        "OURS",
        "created orders are valid R4 drafts for this patient and this encounter and nobody else",
    ),
    42: ("OURS", "created ids are no draft's id, and references resolve"),
    43: ("OURS", "a draft's id comes back unchanged"),
    44: ("OURS", "a created medication has a text and a first coding with system and code"),
    45: ("OURS", "the answer exposes neither the access token nor the JWT"),
    46: ("SHOULD", "the median of 20 calls with complete prefetch is at most 500 ms"),
    47: ("OURS", "the same call twice gives the same guidance"),
    48: ("MUST", "nothing relevant selected gives 200 without cards"),
    49: ("OURS", "two selected orders do not duplicate guidance"),
    50: ("OURS", "unknown resource types and incomplete entries among the drafts are borne"),
    51: ("OURS", "unknown members and extensions change nothing"),
    52: ("OURS", "no encounterId, a charset parameter and text beyond ASCII are borne"),
    53: ("MUST", "required data that nobody sent and no FHIR server has give 412"),
    54: ("MUST", "a FHIR server that fails, refuses or hangs gives 412 in time, never 200 or 500"),
    55: ("MUST", "no prefetch at all and no FHIR access give 412"),
    56: (
        "MUST",
        "required data that are missing are fetched by the advertised query, with the access "
        "token and with nothing else",
    ),
    57: ("OURS", "only the missing keys are fetched"),
    58: ("MUST", "a key that is null is known to be absent: 200, and no fetch"),
    59: ("OURS", "an empty searchset is as good as null"),
    60: ("SHOULD", "an OperationOutcome is not asked for again; 412 if the key is required"),
    61: ("OURS", "matches beside an outcome entry are used"),
    62: ("OURS", "`next` is followed under the same server, and never elsewhere"),
    63: ("OURS", "a value of the wrong type is treated as missing"),
    64: ("OURS", "another patient's data are not used"),
    65: ("OURS", "without fhirAuthorization nothing is asked, unless the site says so"),
    66: ("OURS", "a base URL with or without a slash, with path and port, is asked the same"),
    67: ("OURS", "a fhirServer that is not listed draws no packet"),
    68: ("OURS", "scopes of SMART v1 and v2 are accepted"),
    69: ("OURS", "the newest final value is used whatever the order of the Bundle"),
    70: ("OURS", "a body that is no JSON object gives 400 with an OperationOutcome"),
    71: ("OURS", "another or no media type gives 415"),
    72: ("OURS", "a missing, foreign or unknown hook gives 400 and never cards"),
    73: ("OURS", "a missing or non-UUID hookInstance gives 400"),
    74: ("OURS", "a missing or mistyped context or required context member gives 400"),
    75: ("OURS", "mistyped selections or draftOrders give 400"),
    76: ("OURS", "a userId without its type is refused with 400 or tolerated"),
    77: ("OURS", "an unlawful fhirAuthorization gives 400"),
    78: ("OURS", "patientId `Patient/123` is read as `123`; what is no id at all gives 400"),
    79: ("OURS", "an unknown service gives 404, a wrong method 405"),
    80: ("OURS", "a selected DSTU2 MedicationOrder gives 422"),
    81: ("OURS", "a body over the limit gives 413, one nested a hundred levels deep 400"),
    82: (
        "SHOULD",
        "a refusal is an OperationOutcome without patient data, tokens or the ways of the house",
    ),
    83: ("OURS", "markup in text from the chart is escaped in cards or left out"),
    84: ("OURS", "accepted with suggestions and overridden, with any reason or none, are taken"),
    85: ("MUST", "a batch of several items is taken, and the same item again"),
    86: ("OURS", "feedback that breaks its shape gives 4xx"),
    87: ("OURS", "an unknown service gives 404, an unknown card 2xx, GET 405"),
    88: ("OURS", "a reason without display is taken"),
    89: (
        "MUST",
        "without a token discovery, calls and feedback are refused with 401 and WWW-Authenticate, "
        "in the same words whatever the reason",
    ),
    90: (
        "MUST",
        "`alg` none, an HMAC under the public key, a wrong key, tampered claims give 401",
    ),
    91: (
        "MUST",
        "an `aud` that is not the endpoint gives 401; an array that holds the endpoint is good",
    ),
    92: (
        "MUST",
        "an expired token, a missing exp, iat, jti or iss, an unknown or missing kid, another typ "
        "give 401",
    ),
    93: ("OURS", "a jti that was used gives 401; the same jti of another client is good"),
    94: ("SHOULD", "an unknown iss or a foreign jku gives 401, and nothing is fetched"),
    95: (
        "OURS",
        "a new key works once its set has been read again, which is bounded; known keys work while "
        "the set cannot be reached",
    ),
    96: ("OURS", "ES384 and RS384 are both good"),
    97: ("OURS", "browsers may call: preflights without a token, CORS headers on errors too"),
    98: ("OURS", "the log of a run holds no token, no patient data and no words of a card"),
    99: ("OURS", "a tenant that is not listed gives 401 or 403"),
    100: ("OURS", "a FHIR server elsewhere is read over https or not at all"),
}


def demand(number: int, found: object = None) -> str:
    """What assertion `number` demands and, when given, what was found instead."""
    level, text = ASSERTIONS[number]
    sentence = f"assertion {number} ({level}): {text}"
    return sentence if found is None else f"{sentence}; found: {found}"

"""Values that no honest client sends, each as JSON text. Texts carry a mark, to be known again."""

import json
from random import Random

#: In every hostile text: it must not come back in a refusal, nor stand in the log.
MARK = "zqx7w"

#: Text with a mark in it, that some layer below might take for more than text.
_TEXTS = (
    MARK,
    f"{MARK}\x00{MARK}",
    f"\ud800{MARK}",
    f"{MARK}\udfff",
    f"\ud83d\ud83d{MARK}",
    f"\u202e{MARK}\u2066\u200f",
    f"{MARK}\u2028\u2029\x85\x1b[31m\r\nSet-Cookie: {MARK}=1",
    f"{MARK}\ufeff\ufffe\U0010ffff\u0301" + "\u0301" * 60,
    MARK * 4000,
    f"{{{{context.patientId}}}}{MARK}",
    f"%7B%7Bcontext.patientId%7D%7D{MARK}",
    f"{{dose}} {{draft_rate}} {{{MARK}}} %s %(a)s {{0.__class__}}",
    f"{{{{ config.{MARK} }}}}{{% raw %}}",
    f"<img src={MARK} onerror=alert(1)>",
    f"<script>{MARK}</script><!-- {MARK}",
    f"</textarea><svg/onload={MARK}>",
    f"&lt;{MARK}&gt;&#60;b&#62;",
    f"[{MARK}](javascript:{MARK})",
    f"![{MARK}](https://evil.example/{MARK}.png)",
    f"<https://evil.example/{MARK}> https://evil.example/{MARK} www.evil.example/{MARK}",
    f"`{MARK}` ```\n{MARK}\n``` **{MARK}** | {MARK} |",
    f"\n\n# {MARK}\n\n- {MARK}\n> {MARK}\n---\n    {MARK}",
    f"' OR 1=1 --{MARK}",
    f"../../{MARK}",
    f"Patient/../{MARK}?_format=xml&a=b#c",
    f"Practitioner/{MARK}/_history/1",
    f"urn:uuid:{MARK}",
    f"#{MARK}",
    f"file:///{MARK}",
    f"http://169.254.169.254/{MARK}",
    f"magnesium sulfate {MARK} 2 g over 1 min",
    f"hemolyzed, not hemolyzed {MARK}",
    f"{MARK} magnesium sulfate" + " " * 20_000,
    f"{MARK} magnesium sulfate " + "1" * 20_000,
    f"{MARK} haemolysis" + " " * 20_000,
    f"{MARK} no" + " -" * 10_000,
    "NaN",
    "1.2",
    "null",
    "",
    " ",
    "\t",
    ".",
    "..",
    "\u00b5",
    "__proto__",
)

_NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "0", "0.0", "0e999",
    "1e9", "1E+9", "1e10", "1e308", "1e309", "9007199254740993", "18446744073709551616",
    "-9223372036854775809", "1.2e0", "12e-1", "0.12E1", "1.20000000000000000000000000001",
    "1.4999999999999999999999999999999999", "1.5", "1.21525", "0.5", "0.50", "2.6", "-1.2", "01",
    "+1", "1.", ".5", "0x10", "1_0", "1e", "1e1e1", "0." + "3" * 390, "0." + "3" * 5000,
    "1" + "0" * 390, "9" * 5000, "1." + "0" * 399, "true", "false", "null",
)  # fmt: skip

_DATES = (
    "2026-11-23", "2026-11", "2026", "0000-01-01", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-02-30",
    "2026-11-23T24:00:00Z", "2026-11-23T09:00:60Z", "2026-11-23T09:00:00",
    "2026-11-23T09:00:00+99:99", "2026-11-23T09:00:00-00:00", "2026-11-23T09:00Z",
    "2026-11-23T09:00:00.123456789123456789Z", "2026-11-23t09:00:00z", "2026-11-23 09:00:00Z",
    "20261123T090000Z", "2026-W48-1", "2026-327", "1795424400", "\u0662\u0660\u0662\u0666-11-23",
    "2026-11-23T09:00:00Z ", "2026-11-23T09:00:00Z\n", "2026-11-23T09:59:59Z",
    "2026-11-23T10:09:00Z", "2026-11-23T10:11:00Z", "2026-11-22T10:00:00Z", "2008-11-23",
    "2008-11-24", "1900-01-01", "1066-10-14T09:00:00+00:34", "23.11.2026", "yesterday",
)  # fmt: skip

_UNITS = (
    "mg/dL", "mg/dl", "MG/DL", "Mg/dL", "Mg/dl", "mg/100mL", "mg%", "mmol/L", "mmol/l", "MMOL/L",
    "mEq/L", "meq/L", "mval/l", "umol/L", "\u00b5mol/L", "\u03bcmol/L", "mcmol/L", "micromol/L",
    "mol/L", "nmol/L", "pmol/L", "g/L", "mg/L", "g", "gm", "G", "mg", "Mg", "ug", "kg", "Kg",
    "[lb_av]", "lbs", "st", "mL", "ml", "meq", "mEq", "mmol", "min", "h", "hr", "s", "d", "wk",
    "g/h", "mg/min", "g/min", "mL/h", "mg/kg/h", "{dose}", "1", "%", "mg/dL ", " mmol/L",
    "mg\u2044dL", "mg/d\u200bL", "\uff4d\uff47/dL", "m\u0301g/dL", "mg dL-1", "mg.dL-1", "mg//dL",
    "/", "g/", "/min", "ms", "mL/min/{1.73_m2}", "tablet", "vial",
)  # fmt: skip

_IDS = (
    "pat-other", "PAT-7731", "pat-7731 ", " pat-7731", "pat-7731/_history/1", "pat-7731,pat-other",
    "pat-7731?x=1", "pat-7731#x", "pat%2D7731", "pat-7731\u200b", "p\u0430t-7731", "0", "..", ".",
    "a" * 65, "a" * 2000, "\u00e9", "%2e%2e", "*", "null", "fixture-seed", "Patient/pat-7731",
)  # fmt: skip
_REFERENCES = (
    "Patient/{}", "Patient/{}/_history/1", "https://ehr.example/fhir/Patient/{}", "urn:uuid:{}",
    "Practitioner/{}", "Group/{}", "#{}", "{}", "patient/{}", "Patient/{}/", "/Patient/{}",
    "Patient//{}", "https://evil.example/?x=/Patient/{}", "Patient?_id={}",
)  # fmt: skip


def _quoted(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """As JSON in ASCII, so that half a surrogate pair is written `\\ud800` and not refused."""
    return tuple(json.dumps(text).encode() for text in texts)


TEXTS = _quoted(_TEXTS)
NUMBERS = tuple(number.encode() for number in _NUMBERS)
DATES = _quoted(_DATES)
UNITS = _quoted(_UNITS)

#: What stands in a body where something else belongs.
STRANGERS = (
    b"null", b"true", b"false", b"0", b"1.2", b"-1", b'""', b'"x"', b"[]", b"{}", b"[null]",
    b"[[]]", b'[""]', b'{"":null}', b"[{}]", b'{"value":[]}', b'{"reference":{}}',
    b'{"resourceType":[]}',
    b'{"coding":"x"}', b'{"coding":[null,"x",[],{"code":1}]}', b'{"resourceType":"Bundle"}',
    b'{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}',
    b'{"resourceType":"OperationOutcome","issue":null}', b'{"resourceType":"Patient"}',
)  # fmt: skip


def reference(chance: Random) -> bytes:
    """A reference to a patient: of the call, of another, or of neither."""
    return json.dumps(chance.choice(_REFERENCES).format(chance.choice(_IDS))).encode()


def identity(chance: Random) -> bytes:
    """An id, good or bad."""
    return json.dumps(chance.choice(_IDS)).encode()


def nested(chance: Random, inside: bytes) -> bytes:
    """A value many brackets deep: about as deep as is allowed, or far beyond it."""
    depth = chance.choice((2, 30, 55, 58, 60, 62, 64, 70, 200, 1000, 5000, 60000))
    if chance.random() < 0.5:
        return b"[" * depth + inside + b"]" * depth
    depth = min(depth, 20000)
    return b'{"a":' * depth + inside + b"}" * depth

"""JSON whose numbers keep their digits: 1.20 comes in and goes out as 1.20."""

from decimal import Decimal

import msgspec

#: A value as JSON, in bytes.
encode = msgspec.json.Encoder(decimal_format="number").encode
#: JSON with every fraction as a Decimal; raises msgspec.DecodeError.
decode = msgspec.json.Decoder(float_hook=Decimal).decode

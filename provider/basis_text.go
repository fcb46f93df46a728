package provider

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// What an apply costs Terraform grows with the bytes that a state has for each resource: after each change it writes the whole state again.
// So a basis is kept as one short text, "ETAG.AT.CLIENT_ID.CREATED_AT" with the digits of each packed, empty parts empty and those at the end
// left out. One with anything in it that doesn't come back from there as it was is kept as an object, as older versions of the provider do.

// basisParts is how many parts the text of a basis has.
const basisParts = 4

// basisObject is a basis as an object.
type basisObject basis

// MarshalJSON implements json.Marshaler.
func (b basis) MarshalJSON() ([]byte, error) {
	quotedTag := strings.TrimSuffix(strings.TrimPrefix(b.ETag, `"`), `"`)
	created, _ := time.Parse(time.RFC3339, b.CreatedAt)
	text := strings.TrimRight(strings.Join([]string{packHex(quotedTag), packTime(b.At), packHex(b.ClientID), packTime(created)}, "."), ".")
	if again, err := parseBasis(text); err == nil && again == b {
		return json.Marshal(text)
	}
	return json.Marshal(basisObject(b))
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *basis) UnmarshalJSON(kept []byte) error {
	var text string
	if json.Unmarshal(kept, &text) != nil {
		return json.Unmarshal(kept, (*basisObject)(b))
	}
	parsed, err := parseBasis(text)
	*b = parsed
	return err
}

func parseBasis(text string) (basis, error) {
	parts := strings.Split(text, ".")
	if len(parts) > basisParts {
		return basis{}, errors.New("not a basis")
	}
	parts = append(parts, make([]string, basisParts-len(parts))...)
	etag, clientID := unpackHex(parts[0]), unpackHex(parts[2])
	if etag != "" {
		etag = strconv.Quote(etag)
	}
	parsed := basis{ETag: etag, At: unpackTime(parts[1]), ClientID: clientID}
	if created := unpackTime(parts[3]); !created.IsZero() {
		parsed.CreatedAt = created.Format(time.RFC3339)
	}
	return parsed, nil
}

// packHex writes hexadecimal digits in two thirds of their length. What isn't that becomes empty.
func packHex(digits string) string {
	packed, err := hex.DecodeString(digits)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(packed)
}

func unpackHex(packed string) string {
	digits, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(digits)
}

// timeBase is the base of the number that a time is written as.
const timeBase = 36

func packTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.Unix(), timeBase)
}

func unpackTime(packed string) time.Time {
	seconds, err := strconv.ParseInt(packed, timeBase, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

package store

import (
	"errors"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func digest(text string) SecretDigest { return DigestSecret(text) }

func firstCredentials() Credentials {
	return Credentials{SecretVersion: 1, SecretDigest: digest("one"), SecretCreatedAt: noon, TokenEpoch: 1}
}

func mustReset(t *testing.T, c Credentials, secret string, ttl time.Duration, now time.Time) Credentials {
	t.Helper()
	next, err := c.Reset(SecretReset{SecretDigest: digest(secret), PreviousSecretTTL: ttl}, now)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestResetEndsTheOldSecretAndItsTokensAtOnce(t *testing.T) {
	t.Parallel()
	first := firstCredentials()
	second := mustReset(t, first, "two", 0, noon)
	if second.SecretVersion != 2 || !second.SecretCreatedAt.Equal(noon) {
		t.Errorf("version %d of %s", second.SecretVersion, second.SecretCreatedAt)
	}
	if _, ok := second.Accepts(digest("one"), noon); ok {
		t.Error("the old secret is accepted")
	}
	if version, ok := second.Accepts(digest("two"), noon); !ok || version != 2 {
		t.Errorf("the new secret: version %d, accepted %t", version, ok)
	}
	if second.AcceptsToken(first.Mark(1), noon) {
		t.Error("a token of the old secret counts")
	}
	if !second.AcceptsToken(second.Mark(2), noon) {
		t.Error("a token of the new secret doesn't count")
	}
}

func TestPreviousSecretAndItsTokensLiveUntilTheirTime(t *testing.T) {
	t.Parallel()
	second := mustReset(t, firstCredentials(), "two", time.Hour, noon)
	last, after := noon.Add(time.Hour-time.Microsecond), noon.Add(time.Hour)
	if version, ok := second.Accepts(digest("one"), last); !ok || version != 1 {
		t.Errorf("just before its end: version %d, accepted %t", version, ok)
	}
	if !second.AcceptsToken(second.Mark(1), last) {
		t.Error("just before its end a token of the old secret doesn't count")
	}
	if _, ok := second.Accepts(digest("one"), after); ok {
		t.Error("at its end the old secret is accepted")
	}
	if second.AcceptsToken(second.Mark(1), after) {
		t.Error("at its end a token of the old secret counts")
	}
}

func TestAtMostTwoSecretsLive(t *testing.T) {
	t.Parallel()
	third := mustReset(t, mustReset(t, firstCredentials(), "two", time.Hour, noon), "three", time.Hour, noon)
	for secret, want := range map[string]bool{"one": false, "two": true, "three": true} {
		if _, ok := third.Accepts(digest(secret), noon); ok != want {
			t.Errorf("secret %s: accepted %t", secret, ok)
		}
	}
	if third.AcceptsToken(third.Mark(1), noon) {
		t.Error("a token of the first secret counts")
	}
	fourth := mustReset(t, third, "four", 0, noon)
	if _, ok := fourth.Accepts(digest("three"), noon); ok {
		t.Error("a reset without grace leaves a previous secret alive")
	}
}

func TestRevokingMovesTheEpochOn(t *testing.T) {
	t.Parallel()
	credentials := firstCredentials()
	before := credentials.Mark(1)
	credentials.TokenEpoch++
	if credentials.AcceptsToken(before, noon) {
		t.Error("a token from before counts")
	}
	if !credentials.AcceptsToken(credentials.Mark(1), noon) {
		t.Error("a token from after doesn't count")
	}
}

func TestResetRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]SecretReset{
		"negative grace":      {SecretDigest: digest("two"), PreviousSecretTTL: -time.Second},
		"more than 30 days":   {SecretDigest: digest("two"), PreviousSecretTTL: MaxPreviousSecretTTL + time.Second},
		"the secret that was": {SecretDigest: digest("one")},
	} {
		got, err := firstCredentials().Reset(reset, noon)
		if !errors.Is(err, &Error{Code: CodeInvalid}) {
			t.Errorf("%s: %v", name, err)
		}
		if got != firstCredentials() {
			t.Errorf("%s: the credentials changed", name)
		}
	}
}

func TestAZeroPreviousDigestNeverMatches(t *testing.T) {
	t.Parallel()
	if _, ok := firstCredentials().Accepts(SecretDigest{}, noon); ok {
		t.Error("nothing is accepted as the previous secret")
	}
}

package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"sync/atomic"
)

// verifiedTokens remembers tokens whose signature was found to be good, which it stays for as long as the key counts: a
// client shows the same token thousands of times, and a verification costs more than all the rest of a request. Only what
// the token says is remembered. Whether it still counts (its time, its key, its account, its revocation) is asked each time.
//
// Nobody waits for anybody: a place is one atomic pointer to what never changes. Only tokens that this database signed get in, so a
// stranger can push out nothing; a client with very many tokens can, and then some are verified again. Of a token
// it keeps the SHA-256 alone, so that no copy of the memory gives a token away.
type verifiedTokens struct {
	places [verifiedSets][verifiedWays]atomic.Pointer[verifiedToken]
}

// A token has its places in one set, which its digest tells. All together they are 8,192 tokens and some 5 MB.
const (
	verifiedSets = 1 << 11
	verifiedWays = 4
)

// tokenDigest tells tokens apart.
type tokenDigest [sha256.Size]byte

// verifiedToken is a token that key has signed.
type verifiedToken struct {
	digest tokenDigest
	key    *key
	claims Claims
}

func digestToken(token string) tokenDigest { return sha256.Sum256([]byte(token)) }

func (d tokenDigest) set() uint64 { return binary.LittleEndian.Uint64(d[:]) % verifiedSets }

// find returns the token of this digest, or nil when it isn't remembered.
func (v *verifiedTokens) find(digest tokenDigest) *verifiedToken {
	set := &v.places[digest.set()]
	for i := range set {
		if known := set[i].Load(); known != nil && subtle.ConstantTimeCompare(known.digest[:], digest[:]) == 1 {
			return known
		}
	}
	return nil
}

// remember takes in a token that was verified just now, in a free place or in that of the token which ends first.
func (v *verifiedTokens) remember(token *verifiedToken) {
	set := &v.places[token.digest.set()]
	first := &set[0]
	for i := range set {
		known := set[i].Load()
		if known == nil || known.digest == token.digest {
			first = &set[i]
			break
		}
		if soonest := first.Load(); soonest != nil && known.claims.ExpiresAt < soonest.claims.ExpiresAt {
			first = &set[i]
		}
	}
	first.Store(token)
}

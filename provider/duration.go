package provider

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// longestPreviousSecret is for how long an old secret may stay good at most: the API's limit.
const longestPreviousSecret = 30 * day

const day = 24 * time.Hour

var errDuration = errors.New(`must be a duration: days (d), hours (h), minutes (m) and seconds (s), without spaces or a sign, such as "90d", "36h" or "1d12h"`)

// parseDuration reads a duration as Go writes it (time.ParseDuration), with days in front: "30d",
// "1d12h", "36h". A day is 24 hours. It is not negative.
func parseDuration(text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	if before, after, found := strings.Cut(text, "d"); found {
		days, err := strconv.ParseUint(before, 10, 16)
		if err != nil {
			return 0, errDuration
		}
		total, rest = time.Duration(days)*day, after
		if rest == "" {
			return total, nil
		}
	}
	clock, err := time.ParseDuration(rest)
	if err != nil || clock < 0 || total > math.MaxInt64-clock {
		return 0, errDuration
	}
	return total + clock, nil
}

// parsePreviousSecretTTL reads previous_secret_ttl, in the API's unit: whole seconds.
func parsePreviousSecretTTL(text string) (seconds int64, err error) {
	ttl, err := parseDuration(text)
	if err != nil {
		return 0, err
	}
	if ttl%time.Second != 0 {
		return 0, errors.New("must be whole seconds")
	}
	if ttl > longestPreviousSecret {
		return 0, fmt.Errorf("must be at most 30 days, %q", "30d")
	}
	return int64(ttl / time.Second), nil
}

// parseAge reads max_age and warn_before: a duration in whole seconds, as the server's clock has them.
func parseAge(text string) (time.Duration, error) {
	age, err := parseDuration(text)
	if err == nil && age%time.Second != 0 {
		err = errors.New("must be whole seconds")
	}
	return age, err
}

package store

import "time"

// Policy holds the dates at which Procore ends traditional accounts. They moved several times, so they are settings;
// a zero time means that the date is not set.
type Policy struct {
	// CreationCutoff is when making new traditional accounts ends.
	CreationCutoff time.Time
	// Sunset is when traditional accounts stop working.
	Sunset time.Time
}

// CheckCreation returns *Error when new accounts are no longer made.
func (p Policy) CheckCreation(now time.Time) error {
	if p.CreationCutoff.IsZero() || now.Before(p.CreationCutoff) {
		return nil
	}
	return &Error{Code: CodeCreationClosed, Message: "New traditional service accounts are not made since " +
		p.CreationCutoff.UTC().Format(time.DateOnly) + ". Use a developer managed service account instead."}
}

// SunsetReached reports whether traditional accounts have stopped working.
func (p Policy) SunsetReached(now time.Time) bool {
	return !p.Sunset.IsZero() && !now.Before(p.Sunset)
}

// DaysLeft is how many whole days there are until the sunset, 0 on its last day and after it.
func DaysLeft(sunset, now time.Time) int {
	return max(0, int(sunset.Sub(now)/(24*time.Hour)))
}

// SetStatus works out the account's status as of now.
func (a *ServiceAccount) SetStatus(policy Policy, now time.Time) {
	a.Status, a.StatusReasons = StatusActive, nil
	if a.Contact.EmailAddress != a.Contact.AssignedEmailAddress {
		a.Status, a.StatusReasons = StatusNonfunctional, append(a.StatusReasons, ReasonContactEmailChanged)
	}
	if a.ContactElsewhere {
		a.Status, a.StatusReasons = StatusNonfunctional, append(a.StatusReasons, ReasonContactInOtherDirectory)
	}
	a.Sunset, a.ReadAt = policy.Sunset, now
	if policy.SunsetReached(now) {
		a.Status, a.StatusReasons = StatusExpired, append(a.StatusReasons, ReasonSunset)
	}
}

package client

import "encoding/json"

// Nullable is a string that a PATCH can set to null. A nil *Nullable leaves the field out, which is
// the third thing that a PATCH can say and a *string can't.
type Nullable struct{ Value *string }

// MarshalJSON writes the string, or null.
func (n Nullable) MarshalJSON() ([]byte, error) { return json.Marshal(n.Value) }

package rest

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// CompanyParams are the parameters of every route below a company.
type CompanyParams struct {
	StrictQuery
	CompanyID     string `path:"company_id" doc:"The company's id" example:"1"`
	CompanyHeader string `header:"Procore-Company-Id" doc:"May repeat the company's id; a different one is refused"`
}

// company returns the company's id. access.allow has seen that it is the caller's own.
func (p CompanyParams) company() store.ID {
	id, _ := store.ParseID(p.CompanyID)
	return id
}

// AccountParams are the parameters of every route below a service account.
type AccountParams struct {
	CompanyParams
	AccountID string `path:"id" doc:"The service account's id" example:"17"`
}

// account returns the account's id, or the error for one that can't exist.
func (p AccountParams) account() (store.ID, error) { return parseID("service account", p.AccountID) }

// parseID returns an id of a path, or the error for one that can't exist.
func parseID(noun, text string) (store.ID, error) {
	id, ok := store.ParseID(text)
	if !ok {
		return 0, &store.Error{Code: store.CodeNotFound, Message: "There is no such " + noun + " in this company: an id is a positive whole number."}
	}
	return id, nil
}

// StrictQuery refuses what a request's query has too much of: parameters that the route doesn't know, and parameters
// that are given twice or empty. A filter that is misspelt or lost must not select everything.
type StrictQuery struct{}

// Resolve checks the query of the request (huma.Resolver).
func (StrictQuery) Resolve(ctx huma.Context) []error {
	address := ctx.URL()
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return []error{faultError{store.Fault{Reason: reasonInvalid, Source: "query", Message: "is not a well-formed query string"}, false}}
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	var faults []error
	for _, name := range names {
		if fault, found := queryFault(ctx.Operation(), name, query[name]); found {
			faults = append(faults, faultError{fault, false})
		}
	}
	return faults
}

func queryFault(operation *huma.Operation, name string, values []string) (store.Fault, bool) {
	index := slices.IndexFunc(operation.Parameters, func(parameter *huma.Param) bool {
		return parameter.In == "query" && parameter.Name == name
	})
	switch {
	case index < 0:
		return store.Fault{Reason: "unknown_parameter", Source: name, Message: "is not a parameter of this route"}, true
	case slices.Contains(values, ""):
		return store.Fault{Reason: reasonBlank, Source: name, Message: "must not be empty; leave it out instead"}, true
	case len(values) > 1 && operation.Parameters[index].Schema.Type != huma.TypeArray:
		return store.Fault{Reason: "repeated", Source: name, Message: "must be given once"}, true
	}
	return store.Fault{}, false
}

// Object is a JSON object of a request's body, read more strictly than encoding/json reads it: the schema's check takes
// null for "absent", which would let {"name": null} pass for an edit; of two equal names the last would win; a name in
// another case would count for the right one, and be blamed for what is wrong with it; and what is not UTF-8 would be
// replaced without a word.
type Object[T any] struct {
	Value T

	raw             []byte
	names           map[string]bool
	nulls, repeated []string
	notUTF8         bool
}

// UnmarshalJSON reads the object.
func (o *Object[T]) UnmarshalJSON(data []byte) error {
	o.raw = bytes.Clone(data)
	o.notUTF8 = !utf8.Valid(data)
	o.names = map[string]bool{}
	members := o.note(json.NewDecoder(bytes.NewReader(data)))
	if members == nil {
		return json.Unmarshal(data, &o.Value)
	}
	known, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return json.Unmarshal(known, &o.Value)
}

// note remembers the members that are null or repeated, and returns those that are fields of T. What isn't an object at
// all, the schema's check tells.
func (o *Object[T]) note(decoder *json.Decoder) map[string]json.RawMessage {
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	fields, members := fieldNames(reflect.TypeFor[T]()), map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isName := token.(string)
		var value json.RawMessage
		if err != nil || !isName || decoder.Decode(&value) != nil {
			return nil
		}
		if o.names[name] && !slices.Contains(o.repeated, name) {
			o.repeated = append(o.repeated, name)
		}
		o.names[name] = true
		if string(value) == "null" {
			o.nulls = append(o.nulls, name)
		}
		if slices.Contains(fields, name) {
			members[name] = value
		}
	}
	return members
}

// fieldNames returns what the fields of a body's type are called on the wire.
func fieldNames(body reflect.Type) []string {
	names := make([]string, body.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(body.Field(i).Tag.Get("json"), ",")
	}
	return names
}

// sent returns the object as it was sent, and nothing for one that wasn't.
func (o *Object[T]) sent() []byte {
	if o == nil {
		return nil
	}
	return o.raw
}

// Schema is the schema of a T (huma.SchemaProvider).
func (*Object[T]) Schema(registry huma.Registry) *huma.Schema {
	return registry.Schema(reflect.TypeFor[T](), true, "")
}

// faults returns what is wrong with the object as such. Members that may be null are named.
func (o *Object[T]) faults(mayBeNull ...string) []error {
	var faults []error
	add := func(reason, source, message string) {
		faults = append(faults, faultError{store.Fault{Reason: reason, Source: source, Message: message}, true})
	}
	if o.notUTF8 {
		add("invalid_characters", "body", "must be valid UTF-8 (RFC 8259 8.1)")
	}
	for _, name := range o.repeated {
		add("repeated", name, "must be given once")
	}
	for _, name := range o.nulls {
		if !slices.Contains(mayBeNull, name) {
			add(reasonWrongType, name, "must not be null")
		}
	}
	return faults
}

// Nullable is a field that tells "absent" from "null", as a PATCH must.
type Nullable[T any] struct {
	Sent  bool
	Value *T
}

// UnmarshalJSON notes that the field was sent.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	n.Sent = true
	return json.Unmarshal(data, &n.Value)
}

// Schema says that the field is a T or null (huma.SchemaProvider).
func (n Nullable[T]) Schema(registry huma.Registry) *huma.Schema {
	var value T
	schema := *huma.SchemaFromType(registry, reflect.TypeOf(value))
	schema.Nullable = true
	return &schema
}

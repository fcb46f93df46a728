package provider_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Values as a test writes and reads them: nil is null, unknownValue is unknown, an object and a map are map[string]any, a list is
// []any, a number is int64. An attribute of an object that isn't there is null.

type unknownValueType struct{}

// unknownValue is what is known after apply.
var unknownValue = unknownValueType{}

// encode makes a value of that type from a test's.
func encode(t *testing.T, typ tftypes.Type, value any) tftypes.Value {
	t.Helper()
	switch value {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknownValue:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	switch typ := typ.(type) {
	case tftypes.Object:
		given := value.(map[string]any)
		for name := range given {
			if _, ok := typ.AttributeTypes[name]; !ok {
				t.Fatalf("there is no attribute %q", name)
			}
		}
		made := map[string]tftypes.Value{}
		for name, of := range typ.AttributeTypes {
			made[name] = encode(t, of, given[name])
		}
		return tftypes.NewValue(typ, made)
	case tftypes.Map:
		made := map[string]tftypes.Value{}
		for name, element := range value.(map[string]any) {
			made[name] = encode(t, typ.ElementType, element)
		}
		return tftypes.NewValue(typ, made)
	case tftypes.List:
		return tftypes.NewValue(typ, encodeAll(t, typ.ElementType, value.([]any)))
	case tftypes.Set:
		return tftypes.NewValue(typ, encodeAll(t, typ.ElementType, value.([]any)))
	}
	if number, ok := value.(int); ok {
		value = int64(number)
	}
	return tftypes.NewValue(typ, value)
}

func encodeAll(t *testing.T, typ tftypes.Type, values []any) []tftypes.Value {
	t.Helper()
	made := make([]tftypes.Value, len(values))
	for i, value := range values {
		made[i] = encode(t, typ, value)
	}
	return made
}

// decode is encode the other way.
func decode(t *testing.T, value tftypes.Value) any {
	t.Helper()
	if !value.IsKnown() {
		return unknownValue
	}
	if value.IsNull() {
		return nil
	}
	var decoded any
	var err error
	switch typ := value.Type(); {
	case typ.Is(tftypes.String):
		var text string
		err = value.As(&text)
		decoded = text
	case typ.Is(tftypes.Bool):
		var truth bool
		err = value.As(&truth)
		decoded = truth
	case typ.Is(tftypes.Number):
		number := &big.Float{}
		err = value.As(&number)
		whole, _ := number.Int64()
		decoded = whole
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		var members map[string]tftypes.Value
		err = value.As(&members)
		made := map[string]any{}
		for name, member := range members {
			made[name] = decode(t, member)
		}
		decoded = made
	default:
		var elements []tftypes.Value
		err = value.As(&elements)
		made := make([]any, len(elements))
		for i, element := range elements {
			made[i] = decode(t, element)
		}
		decoded = made
	}
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// pack is encode, as it crosses the wire.
func pack(t *testing.T, typ tftypes.Type, value any) *tfprotov6.DynamicValue {
	t.Helper()
	packed, err := tfprotov6.NewDynamicValue(typ, encode(t, typ, value))
	if err != nil {
		t.Fatal(err)
	}
	return &packed
}

// unpack is decode, of what came over the wire; nil for a null object and for no value at all.
func unpack(t *testing.T, typ tftypes.Type, packed *tfprotov6.DynamicValue) map[string]any {
	t.Helper()
	if packed == nil {
		return nil
	}
	value, err := packed.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	object, _ := decode(t, value).(map[string]any)
	return object
}

// told is all that diagnostics say, errors and warnings, one after the other; "" when there are none.
func told(diagnostics []*tfprotov6.Diagnostic) string {
	var text string
	for _, found := range diagnostics {
		text += fmt.Sprintf("%s: %s: %s\n", found.Severity, found.Summary, found.Detail)
	}
	return text
}

// failed reports whether there is an error among diagnostics.
func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	for _, found := range diagnostics {
		if found.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// stringList is a list of strings for the state. No items make an empty list, never null: the server
// said that there are none.
func stringList(items []string) types.List {
	elements := make([]attr.Value, len(items))
	for i, item := range items {
		elements[i] = types.StringValue(item)
	}
	return types.ListValueMust(types.StringType, elements)
}

// stringMap is a map of strings for the state; empty, never null, as stringList.
func stringMap(items map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(items))
	for key, item := range items {
		elements[key] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, elements)
}

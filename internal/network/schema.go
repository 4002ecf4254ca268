package network

import _ "embed"

// The schemas are generated from types.go and the other types of this package by TestSchema, which fails when they differ:
//
//	go test ./internal/network -run 'TestSchema|TestReference|TestProblems' -update

//go:embed schema/network.schema.json
var schemaNetwork []byte

//go:embed schema/form.schema.json
var schemaForm []byte

// Schema gives the JSON Schemas (draft 2020-12) of network.yaml and of a form, for editors that complete and check while one writes.
// They say what stands where; Load says it in sentences, and Check what contradicts what.
func Schema() (network, form []byte) { return schemaNetwork, schemaForm }

package network_test

import (
	"testing"

	"entremise/internal/network"
	"entremise/networks"
)

func TestLoad_embeddedNetworks(t *testing.T) {
	for _, name := range networks.Names() {
		fsys, err := networks.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		n, probs := network.Load(fsys)
		for _, p := range probs {
			t.Error(p.Say("en"))
		}
		if n == nil {
			t.Fatal("not loaded")
		}
		for _, p := range network.Check(n) {
			t.Log(p.Severity, p.Say("en"))
			if p.Severity == network.Mistake {
				t.Error("a network that ships must pass its own check")
			}
		}
	}
}

package network_test

import (
	"testing"

	"entremise/internal/network"
)

func BenchmarkLoad(b *testing.B) {
	f := files(b)
	for b.Loop() {
		network.Load(f)
	}
}

func BenchmarkCheck(b *testing.B) {
	n, _ := network.Load(files(b))
	for b.Loop() {
		network.Check(n)
	}
}

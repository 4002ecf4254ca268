package privacy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// shortest is how long a needle must be to be told from chance, in bytes.
const shortest = 6

// Finder looks for many needles in one pass over a text, at about the speed of memory: a bit for the first four bytes of each needle rules out
// almost every place. Needles shorter than six bytes are left out. Safe for concurrent use.
type Finder struct {
	by      map[[shortest]byte][][]byte
	may     [1 << 12]uint64 // which digests of four bytes begin a needle
	longest int
}

// Find makes a Finder.
func Find(needles [][]byte) *Finder {
	f := &Finder{by: map[[shortest]byte][][]byte{}}
	for _, n := range needles {
		if len(n) < shortest {
			continue
		}
		f.by[[shortest]byte(n)] = append(f.by[[shortest]byte(n)], n)
		d := digest(n)
		f.may[d>>6] |= 1 << (d & 63)
		f.longest = max(f.longest, len(n))
	}
	return f
}

// digest is eighteen bits of the first four bytes.
func digest(text []byte) uint32 { return binary.LittleEndian.Uint32(text) * 0x9E3779B1 >> 14 }

// Each calls found for every place in a text where a needle stands, until it answers false. It answers whether it went through.
func (f *Finder) Each(text []byte, found func(at int, needle []byte) bool) bool {
	for i := 0; i+shortest <= len(text); i++ {
		d := digest(text[i:])
		if f.may[d>>6]&(1<<(d&63)) == 0 {
			continue
		}
		for _, n := range f.by[[shortest]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], n) && !found(i, n) {
				return false
			}
		}
	}
	return true
}

// In reports whether a text holds one of the needles.
func (f *Finder) In(text []byte) bool {
	return !f.Each(text, func(int, []byte) bool { return false })
}

// InReader is In for what is read to its end, in blocks that overlap by the longest needle.
func (f *Finder) InReader(r io.Reader) (bool, error) {
	if f.longest == 0 {
		return false, nil
	}
	block := make([]byte, 1<<20+f.longest)
	kept := 0
	for {
		n, err := io.ReadFull(r, block[kept:])
		if f.In(block[:kept+n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(block, block[max(0, kept+n-f.longest):kept+n])
	}
}

package network

// source remembers where each part of the file stands, so that a contradiction found later can name its line.
type source struct {
	lines map[string]map[string]int // file → path → line
}

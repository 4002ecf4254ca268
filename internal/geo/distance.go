package geo

import (
	"cmp"
	"math"
	"slices"
)

// Point is a place in degrees (WGS 84). The zero Point means unknown: it lies in the sea off Africa.
type Point struct{ Lat, Lon float64 }

// IsZero reports that the place is unknown.
func (p Point) IsZero() bool { return p == Point{} }

const earth = 6_371_008.8 // mean radius in metres (IUGG)

// Distance is the great-circle distance in whole metres (haversine); the earth being flattened it errs by at most 0.6 %.
func Distance(a, b Point) int {
	const rad = math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*rad, (b.Lon-a.Lon)*rad
	h := square(math.Sin(dLat/2)) + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*square(math.Sin(dLon/2))
	return int(math.Round(2 * earth * math.Asin(math.Sqrt(min(1, h)))))
}

func square(x float64) float64 { return x * x }

// Near lists the communes and arrondissements within metres of a point, nearest first.
func Near(p Point, metres int) []Commune {
	a := load()
	band := float64(metres)/earth*180/math.Pi + 1e-6
	lat := func(i int, v float64) int { return cmp.Compare(a.communes[i].Point.Lat, v) }
	from, _ := slices.BinarySearchFunc(a.byLat, p.Lat-band, lat)
	type hit struct{ commune, metres int }
	var hits []hit
	for _, i := range a.byLat[from:] {
		if a.communes[i].Point.Lat > p.Lat+band {
			break
		}
		if d := Distance(p, a.communes[i].Point); d <= metres {
			hits = append(hits, hit{i, d})
		}
	}
	slices.SortFunc(hits, func(x, y hit) int {
		return cmp.Or(cmp.Compare(x.metres, y.metres), cmp.Compare(a.communes[x.commune].INSEE, a.communes[y.commune].INSEE))
	})
	out := make([]Commune, len(hits))
	for k, h := range hits {
		out[k] = a.communes[h.commune]
	}
	return out
}

// Place is where help is needed.
type Place struct {
	INSEE string // commune or arrondissement
	Dept  string
	Point Point
}

// Place is the commune as a place.
func (c Commune) Place() Place { return Place{c.INSEE, c.Dept, c.Point} }

// Coverage is the area that a professional serves: the union of communes, departments and a circle. A city of several arrondissements
// covers them all. The zero Coverage covers nothing.
type Coverage struct {
	Communes    []string // INSEE codes
	Departments []string
	Centre      Point
	Radius      int // metres around Centre; 0 for no circle
}

// IsZero reports that nothing is covered.
func (c Coverage) IsZero() bool {
	return len(c.Communes) == 0 && len(c.Departments) == 0 && (c.Radius <= 0 || c.Centre.IsZero())
}

// Covers reports whether the place lies inside; the edge of the circle counts as inside. Extra metres widen the circle, or make one
// around Centre where there is none.
func (c Coverage) Covers(p Place, extra int) bool {
	if slices.Contains(c.Departments, p.Dept) || slices.Contains(c.Communes, p.INSEE) || slices.Contains(c.Communes, City(p.INSEE)) {
		return true
	}
	reach := max(0, c.Radius) + max(0, extra)
	return reach > 0 && !c.Centre.IsZero() && !p.Point.IsZero() && Distance(c.Centre, p.Point) <= reach
}

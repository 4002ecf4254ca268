// Package geo knows the communes of France, distances, areas, time zones and public holidays.
//
// The table of communes is embedded (34,920 rows; 2.7 MB of text kept in memory) and read at its first use, in well under 150 ms. It is
// never changed, so everything here is safe for concurrent use. Sources: communes and postcodes INSEE, Etalab and La Poste, Licence
// Ouverte 2.0; coordinates GeoNames, CC BY 4.0, and geo.api.gouv.fr. For one commune in ten, a small one, the point is the mean of the
// communes that share its postcode: half of those lie within 6 km of the true centre.
package geo

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Attribution is to be shown where communes are chosen or listed.
const Attribution = "Communes : INSEE/Etalab, La Poste — Licence Ouverte 2.0 ; coordonnées : GeoNames CC BY 4.0, geo.api.gouv.fr"

// Commune is a commune, or an arrondissement of Paris, Lyon or Marseille. Requests are kept on the arrondissement, never on the city.
type Commune struct {
	INSEE          string // five characters, "30189", "2A004"
	Name           string
	Dept           string // "30", "2A", "974"
	Postcodes      []string
	Population     int
	Point          Point
	Arrondissement bool
}

// City is the INSEE code of the whole city for an arrondissement, else the commune's own.
func (c Commune) City() string { return City(c.INSEE) }

// City maps an arrondissement of Paris, Lyon or Marseille to its city; any other code is its own city.
func City(insee string) string {
	switch {
	case insee >= "75101" && insee <= "75120":
		return "75056"
	case insee >= "69381" && insee <= "69389":
		return "69123"
	case insee >= "13201" && insee <= "13216":
		return "13055"
	}
	return insee
}

//go:embed data/communes.csv.gz
var packed []byte

// atlas is the table with its indexes. Cities that have arrondissements stand in byINSEE only.
type atlas struct {
	communes   []Commune // by INSEE code
	byINSEE    map[string]int
	byPostcode map[string][]int
	byLat      []int // communes from south to north
	depts      map[string]string
}

var load = sync.OnceValue(func() *atlas {
	a, err := parse(unpacked())
	if err != nil {
		panic("geo: embedded communes: " + err.Error()) // part of the binary; every test reads it
	}
	return a
})

func unpacked() string {
	var b strings.Builder
	b.Grow(3 << 20)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		_, err = io.Copy(&b, r)
	}
	if err != nil {
		panic("geo: embedded communes: " + err.Error()) // part of the binary; every test reads it
	}
	return b.String()
}

// parse reads insee,name,type,dept,dept_name,region,postcodes,population,lat,lon,src; no field is quoted.
func parse(s string) (*atlas, error) {
	const rows = 35_000
	a := &atlas{communes: make([]Commune, 0, rows), byINSEE: make(map[string]int, rows), byPostcode: make(map[string][]int, 6200), depts: map[string]string{}}
	_, s, _ = strings.Cut(s, "\n")
	for line := range strings.Lines(s) {
		var f [11]string
		for i := range f {
			f[i], line, _ = strings.Cut(line, ",")
		}
		c := Commune{INSEE: f[0], Name: f[1], Dept: f[3], Postcodes: strings.Split(f[6], " "), Arrondissement: f[2] == "A"}
		if c.Arrondissement {
			c.Name = strings.Replace(c.Name, "Arrondissement", "arrondissement", 1)
		}
		var errs [3]error
		c.Population, errs[0] = strconv.Atoi(f[7])
		c.Point.Lat, errs[1] = strconv.ParseFloat(f[8], 64)
		c.Point.Lon, errs[2] = strconv.ParseFloat(f[9], 64)
		if err := cmp.Or(errs[0], errs[1], errs[2]); err != nil {
			return nil, err
		}
		i := len(a.communes)
		a.communes = append(a.communes, c)
		a.byINSEE[c.INSEE] = i
		a.depts[c.Dept] = f[4]
		if c.divided() {
			continue
		}
		for _, p := range c.Postcodes {
			a.byPostcode[p] = append(a.byPostcode[p], i)
		}
		a.byLat = append(a.byLat, i)
	}
	slices.SortFunc(a.byLat, func(i, j int) int { return cmp.Compare(a.communes[i].Point.Lat, a.communes[j].Point.Lat) })
	for _, is := range a.byPostcode {
		slices.SortFunc(is, func(i, j int) int { return cmp.Compare(a.communes[i].Name, a.communes[j].Name) })
	}
	return a, nil
}

// divided reports a city that stands in the table beside its arrondissements.
func (c Commune) divided() bool {
	return c.INSEE == "75056" || c.INSEE == "69123" || c.INSEE == "13055"
}

// ByINSEE finds a commune, a city or an arrondissement by its code.
func ByINSEE(code string) (Commune, bool) {
	a := load()
	i, ok := a.byINSEE[code]
	if !ok {
		return Commune{}, false
	}
	return a.communes[i], true
}

// ByPostcode lists the communes that share a postcode, by name; none for one that does not exist (or belongs to a company, CEDEX). Two
// postcodes in three have several communes, some in two departments: the person must choose.
func ByPostcode(code string) []Commune {
	a := load()
	return a.pick(a.byPostcode[code])
}

// HasPostcode reports whether the commune, or a city by its arrondissements, has the postcode.
func (c Commune) HasPostcode(code string) bool { return slices.Contains(c.Postcodes, code) }

// ValidPostcode reports whether s has the form of a postcode; whether it exists is for [ByPostcode].
func ValidPostcode(s string) bool {
	return len(s) == 5 && strings.Trim(s, "0123456789") == "" && s >= "01000" && s < "99000"
}

// Departments lists the codes of the departments in the table, in order; the five overseas are in, the collectivities are not.
func Departments() []string {
	var out []string
	for d := range load().depts {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

// Department is the code of the department in which a commune lies, by the code of the commune, which need not exist any more.
func Department(insee string) string {
	n := 2
	if strings.HasPrefix(insee, "97") || strings.HasPrefix(insee, "98") {
		n = 3
	}
	return insee[:min(n, len(insee))]
}

// DepartmentName is the name of a department, "" for one that is not in the table.
func DepartmentName(code string) string { return load().depts[code] }

// All lists the places on which a request can be kept: communes and arrondissements, without the three cities that they make up, by
// INSEE code. The slice is the caller's.
func All() []Commune {
	return slices.DeleteFunc(slices.Clone(load().communes), Commune.divided)
}

func (a *atlas) pick(is []int) []Commune {
	out := make([]Commune, len(is))
	for k, i := range is {
		out[k] = a.communes[i]
	}
	return out
}
